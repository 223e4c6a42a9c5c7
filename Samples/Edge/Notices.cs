namespace EdgeVideoLlava.Edge;

/// <summary>Lines for people, on stderr.</summary>
internal static class Notices
{
    public static void Say(string line) => Console.Error.WriteLine($"edge: {RawNames.Readable(line)}");
}
