using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Tests.Unit.Architecture;

/// <summary>The project's C# and project files: path from the root, with '/', to text.</summary>
internal sealed partial class SourceTree
{
    private static readonly string[] Folders = ["Kernels", "Runtime", "Quantizer", "Trainer", "Extensions", "Samples", "Tests"];

    public IReadOnlyDictionary<string, string> Files { get; }

    /// <summary>A tree made of texts, to plant faults in.</summary>
    public SourceTree(IReadOnlyDictionary<string, string> files) => Files = files;

    public static SourceTree Read(string root)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in Folders.SelectMany(folder
            => Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs*", SearchOption.AllDirectories)))
        {
            string relative = Path.GetRelativePath(root, path).Replace('\\', '/');
            if (Built().IsMatch(relative) || !(relative.EndsWith(".cs") || relative.EndsWith(".csproj"))) continue;
            files.Add(relative, File.ReadAllText(path));
        }
        return new SourceTree(files);
    }

    /// <summary>C# files of the product, without tests.</summary>
    public IEnumerable<string> Product => Files.Keys.Where(path => path.EndsWith(".cs") && !path.StartsWith("Tests/"));

    /// <summary>The lines of a file without comment lines and what follows "//".</summary>
    public IEnumerable<string> Code(string path) => Files[path].Split('\n').Select(line => Comment().Replace(line, ""));

    [GeneratedRegex("(^|/)(bin|obj)/")]
    private static partial Regex Built();

    /// <summary>The "//" of an address in a string is no comment.</summary>
    [GeneratedRegex(@"(?<!:)//.*")]
    private static partial Regex Comment();
}
