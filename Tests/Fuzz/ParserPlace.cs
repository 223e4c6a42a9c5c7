namespace EdgeVideoLlava.Tests.Fuzz;

/// <summary>A folder in memory in which a parser finds its file.</summary>
internal sealed class ParserPlace : IDisposable
{
    private readonly Parser parser;
    private readonly string folder, path;

    public ParserPlace(Parser parser)
    {
        this.parser = parser;
        folder = Directory.CreateDirectory(Path.Combine("/dev/shm", $"edge-fuzz-{Environment.ProcessId}")).FullName;
        path = Path.Combine(folder, parser.File);
        if (parser.Beside is not { } beside) return;
        foreach (string file in Directory.GetFiles(Path.Combine(Repository(), beside)))
        {
            if (Path.GetFileName(file) != parser.File) File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
        }
    }

    public void Read(byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        parser.Read(path);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Repository()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at != null && !File.Exists(Path.Combine(at.FullName, "EdgeVideoLlava.sln"))) at = at.Parent;
        return at?.FullName ?? throw new InvalidOperationException("not inside the repository");
    }
}
