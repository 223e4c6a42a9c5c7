using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Where the reference files are. Golden files in the repository (Tests/Golden) come first, then the shared folder.</summary>
public static class Golden
{
    public static string Repository { get; } = FindUp(AppContext.BaseDirectory, "EdgeVideoLlava.sln")
        ?? throw new InvalidOperationException("the tests run from a folder outside the repository");

    /// <summary>Folder with golden/ and data/: EDGE_REFERENCE_DATA, else the folder "shared" beside the project, else null.</summary>
    public static string? Shared { get; } = FindShared();

    private static bool Required { get; } = (Environment.GetEnvironmentVariable("EDGE_REQUIRE") ?? "").Split(',').Contains("shared");

    /// <summary>A file or folder of the golden set, e.g. "original-tiny/checkpoint". Skips the test by name when it is nowhere.</summary>
    public static string Path(string relative)
    {
        string local = System.IO.Path.Combine(Repository, "Tests", "Golden", relative);
        if (Exists(local)) return local;
        return FromShared(System.IO.Path.Combine("golden", relative));
    }

    /// <summary>A third-party file of the reference data, e.g. "images/edge/zero_byte.jpg". Skips the test by name when it is absent.</summary>
    public static string Data(string relative) => FromShared(System.IO.Path.Combine("data", relative));

    public static SafeTensors Tensors(string relative) => new(Path(relative));

    private static string FromShared(string relative)
    {
        string? path = Shared == null ? null : System.IO.Path.Combine(Shared, relative);
        if (path != null && Exists(path)) return path;
        if (Required) Assert.Fail($"the reference file {relative} is required (EDGE_REQUIRE) but absent");
        Assert.Skip($"needs the reference file {relative} (EDGE_REFERENCE_DATA)");
        return "";
    }

    private static string? FindShared()
    {
        string path = Environment.GetEnvironmentVariable("EDGE_REFERENCE_DATA") ?? System.IO.Path.Combine(Repository, "..", "shared");
        return Directory.Exists(path) ? System.IO.Path.GetFullPath(path) : null;
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    private static string? FindUp(string folder, string marker)
    {
        for (DirectoryInfo? at = new(folder); at != null; at = at.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(at.FullName, marker))) return at.FullName;
        }
        return null;
    }
}
