namespace EdgeVideoLlava.Edge;

/// <summary>A model can say escape sequences; a terminal would obey them.</summary>
internal static class TerminalText
{
    /// <summary>The text without control characters, but for line breaks and tabs.</summary>
    public static string Printable(string text) => string.Concat(text.Where(c => c is '\n' or '\t' || !char.IsControl(c)));
}
