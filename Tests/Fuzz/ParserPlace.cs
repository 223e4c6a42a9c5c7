namespace EdgeVideoLlava.Tests.Fuzz;

/// <summary>A folder in memory in which a parser finds its file.</summary>
internal sealed class ParserPlace : IDisposable
{
    /// <summary>Bytes that may be allocated beyond those of the file.</summary>
    private const long Allowance = 64 << 20;

    /// <summary>Of the processor, which a busy machine does not lengthen.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Parser parser;
    private readonly string folder, path;

    public ParserPlace(Parser parser)
    {
        this.parser = parser;
        string root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        folder = Directory.CreateDirectory(Path.Combine(root, $"edge-fuzz-{Environment.ProcessId}-{Path.GetRandomFileName()}")).FullName;
        path = Path.Combine(folder, parser.File);
        if (parser.Beside is not { } beside) return;
        foreach (string file in Directory.GetFiles(Path.Combine(Repository, beside)))
        {
            if (Path.GetFileName(file) != parser.File) File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
        }
    }

    /// <summary>Where the repository lies.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The files with which fuzzing of a parser begins.</summary>
    public static string[] Corpus(string parser) => Directory.GetFiles(Path.Combine(Repository, "Tests/Fuzz/corpus", parser));

    /// <summary>Lets the parser read a file of these bytes.</summary>
    /// <returns>The refusal, in one line that names the file or its folder; null if it was read.</returns>
    /// <exception cref="InvalidOperationException">It took too long or too much memory, or the refusal is none for a user.</exception>
    public string? Try(byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan started = Environment.CpuUsage.TotalTime;
        string? refusal = null;
        try
        {
            parser.Read(path);
        }
        catch (BadInputException e)
        {
            refusal = e.Message;
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > bytes.Length + Allowance) throw new InvalidOperationException($"{allocated} bytes allocated for {bytes.Length}");
        if (Environment.CpuUsage.TotalTime - started > Patience) throw new InvalidOperationException($"read for more than {Patience}");
        if (refusal?.Contains('\n') == true) throw new InvalidOperationException($"a refusal of several lines: {refusal}");
        if (refusal?.Contains(folder) == false) throw new InvalidOperationException($"a refusal that names no file: {refusal}");
        return refusal;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string FindRepository()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at != null && !File.Exists(Path.Combine(at.FullName, "EdgeVideoLlava.sln"))) at = at.Parent;
        return at?.FullName ?? throw new InvalidOperationException("not inside the repository");
    }
}
