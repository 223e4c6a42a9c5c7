namespace EdgeVideoLlava.Tests;

/// <summary>Where the reference files are: those in the repository (Tests/Golden) come first, then the folder of
/// EDGE_REFERENCE_DATA.</summary>
public static class ReferenceFiles
{
    public static string Repository { get; } = FindUp(AppContext.BaseDirectory, "EdgeVideoLlava.sln")
        ?? throw new InvalidOperationException("the tests run from a folder outside the repository");

    /// <summary>Folder with golden/ and data/: EDGE_REFERENCE_DATA, else the folder "shared" beside the project, else null.</summary>
    public static string? Shared { get; } = FindShared();

    private static bool Required { get; } = (Environment.GetEnvironmentVariable("EDGE_REQUIRE") ?? "").Split(',').Contains("shared");

    /// <summary>A file or folder of the golden set, e.g. "original-tiny/checkpoint". Skips the test by name when it is nowhere.</summary>
    public static string Golden(string relative)
    {
        string local = Path.Combine(Repository, "Tests", "Golden", relative);
        if (Exists(local)) return local;
        return FromShared(Path.Combine("golden", relative));
    }

    /// <summary>A third-party file of the reference data, e.g. "images/edge/zero_byte.jpg". Skips the test by name
    /// when it is absent.</summary>
    public static string Data(string relative) => FromShared(Path.Combine("data", relative));

    private static string FromShared(string relative)
    {
        string? path = Shared == null ? null : Path.Combine(Shared, relative);
        if (path != null && Exists(path)) return path;
        if (Required) Assert.Fail($"the reference file {relative} is required (EDGE_REQUIRE) but absent");
        Assert.Skip($"needs the reference file {relative} (EDGE_REFERENCE_DATA)");
        return "";
    }

    private static string? FindShared()
    {
        string path = Environment.GetEnvironmentVariable("EDGE_REFERENCE_DATA") ?? Path.Combine(Repository, "..", "shared");
        return Directory.Exists(path) ? Path.GetFullPath(path) : null;
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    private static string? FindUp(string folder, string marker)
    {
        for (DirectoryInfo? at = new(folder); at != null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, marker))) return at.FullName;
        }
        return null;
    }
}
