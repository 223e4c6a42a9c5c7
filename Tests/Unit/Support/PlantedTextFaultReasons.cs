namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Why a planted fault does not show: each changes nothing that anyone reads.</summary>
internal static class PlantedTextFaultReasons
{
    private static readonly (string Start, string Reason)[] Known = [];

    /// <summary>Null: there is none.</summary>
    public static string? Of(string fault) => Array.Find(Known, known => fault.StartsWith(known.Start, StringComparison.Ordinal)).Reason;
}
