using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Tests.Unit.Architecture;

/// <summary>The rules of the layout. Each returns its violations as sentences.</summary>
internal static partial class LayoutRules
{
    public const int LongestFile = 350, LongestLine = 140;

    /// <summary>Which projects a project may reference, by folder. Nothing but Tests references Tests.</summary>
    private static readonly (string Project, string[] MayUse)[] Projects =
    [
        ("Kernels", []),
        ("Runtime", ["Kernels"]),
        ("OpenCv", ["Runtime", "Kernels"]),
        ("Quantizer", ["Runtime", "Kernels"]),
        ("Trainer", ["Runtime", "Kernels"]),
        ("Extensions", ["Runtime", "Kernels"]),
        ("Samples", ["OpenCv", "Extensions", "Trainer", "Quantizer", "Runtime", "Kernels"]),
        ("Tests", ["Tests", "Samples", "OpenCv", "Extensions", "Trainer", "Quantizer", "Runtime", "Kernels"]),
    ];

    /// <summary>Folders of Runtime in the order of the data: none names a later one. Files of Runtime itself see all.</summary>
    private static readonly string[] Stages =
    [
        "Files", "Video", "Preprocess", "Vision", "Projector", "Language", "Weights", "Text", "Generation", "Live", "Serving",
    ];

    /// <summary>Packages that one adapter file each may name.</summary>
    private static readonly string[] Adapted = ["OpenCvSharp", "SixLabors.ImageSharp", "Microsoft.ML.Tokenizers"];

    public static IEnumerable<string> ReferencesPointOneWay(SourceTree tree)
        => from path in tree.Files.Keys
           where path.EndsWith(".csproj")
           let source = path.Split('/')[0]
           from Match reference in ProjectReference().Matches(tree.Files[path])
           let target = Resolve(path, reference.Groups[1].Value).Split('/')[0]
           where !Projects.Single(project => project.Project == source).MayUse.Contains(target)
           select $"{path} references {target}";

    public static IEnumerable<string> NoStageNamesALaterOne(SourceTree tree)
        => from path in tree.Product
           let parts = path.Split('/')
           where parts[0] == "Runtime" && parts.Length > 2
           let stage = Array.IndexOf(Stages, parts[1])
           from line in tree.Code(path)
           from Match name in StageName().Matches(line)
           let named = name.Groups[1].Value
           where stage < 0 || Array.IndexOf(Stages, named) > stage || Array.IndexOf(Stages, named) < 0
           select stage < 0 ? $"{path}: the folder {parts[1]} is missing in the order of the stages"
           : $"{path} names the later stage {named}";

    public static IEnumerable<string> OnlyDeviceCodeNamesIlgpu(SourceTree tree)
        => from path in tree.Product
           where !(path.StartsWith("Kernels/Ilgpu/") || path.StartsWith("Kernels/Checks/")
           || (path.StartsWith("Kernels/") && Path.GetFileName(path).Contains(".Gpu.")))
           where tree.Code(path).Any(line => IlgpuName().IsMatch(line))
           select $"{path} names ILGPU";

    public static IEnumerable<string> OneAdapterForEachPackage(SourceTree tree)
        => from package in Adapted
           let name = new Regex($@"(?<![\w.]){Regex.Escape(package)}(?!\w)")
           // a sample that captions a camera of its own opens it as its user would
           let files = tree.Product.Where(path => !path.StartsWith("Samples/CameraLoop/")
               && tree.Code(path).Any(line => name.IsMatch(line))).ToArray()
           where files.Length > 1
           select $"{package} is named by {files.Length} files: {string.Join(", ", files)}";

    /// <summary>An operation is a file X.cs of Kernels with X.Cpu.cs beside it.</summary>
    public static IEnumerable<string> OperationsAreComplete(SourceTree tree)
    {
        foreach (string cpu in tree.Product.Where(path => path.StartsWith("Kernels/") && path.EndsWith(".Cpu.cs")))
        {
            string operation = cpu[..^".Cpu.cs".Length];
            string contract = operation + ".cs";
            // an implementation's part, such as X.Backward.Cpu.cs without a contract of its own
            if (!tree.Files.ContainsKey(contract)) continue;
            if (!tree.Files.ContainsKey(operation + ".Gpu.cs") && !Excuses(tree, contract, "gpu"))
                yield return $"{operation} has no .Gpu.cs";
            if (!tree.Files.ContainsKey($"Tests/Unit/{operation}Tests.cs"))
                yield return $"{operation} has no Tests/Unit/{operation}Tests.cs";
            if (!tree.Files.ContainsKey($"Tests/Benchmarks/{operation}Benchmarks.cs") && !Excuses(tree, contract, "benchmark"))
                yield return $"{operation} has no Tests/Benchmarks/{operation}Benchmarks.cs";
        }
    }

    /// <summary>How a user sets something or installs a package is the program's affair.</summary>
    public static IEnumerable<string> LibrariesNameNoOptions(SourceTree tree)
        => from path in tree.Product
           where path.StartsWith("Kernels/") || path.StartsWith("Runtime/") || path.StartsWith("Extensions/")
           from line in tree.Code(path)
           from Match words in OptionWord().Matches(line)
           select $"{path} says '{words.Value}'";

    /// <summary>Of the product; .editorconfig says so, and no tool holds it.</summary>
    public static IEnumerable<string> LinesAreShort(SourceTree tree)
        => from path in tree.Product
           from line in tree.Files[path].Split('\n').Index()
           where line.Item.Length > LongestLine
           select $"{path}, line {line.Index + 1}, has {line.Item.Length} columns";

    public static IEnumerable<string> FilesAreShort(SourceTree tree)
        => from file in Longest(tree) where file.Lines > LongestFile select $"{file.Path} has {file.Lines} lines";

    public static IEnumerable<(string Path, int Lines)> Longest(SourceTree tree)
        => from path in tree.Files.Keys
           where path.EndsWith(".cs")
           let lines = tree.Files[path].TrimEnd('\n').Split('\n').Length
           orderby lines descending
           select (path, lines);

    /// <summary>The line "// no gpu: reason" in the contract; a reason must be given.</summary>
    private static bool Excuses(SourceTree tree, string contract, string what)
        => Regex.IsMatch(tree.Files[contract], $@"^\s*// no {what}: \S", RegexOptions.Multiline);

    private static string Resolve(string project, string reference)
    {
        string full = Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(project)!, reference.Replace('\\', '/')));
        return full[1..];
    }

    /// <summary>An option, or a package manager's command; not the operator --.</summary>
    [GeneratedRegex(@"(?<![\w\-\[)])--[a-z][a-z-]+(?![\w(\[])|apt-get|edge doctor")]
    private static partial Regex OptionWord();

    [GeneratedRegex("<ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex ProjectReference();

    /// <summary>A stage's namespace, in a using line or spelled out.</summary>
    [GeneratedRegex(@"\bEdgeVideoLlava\.Runtime\.(\w+)")]
    private static partial Regex StageName();

    [GeneratedRegex(@"\busing\s+(static\s+)?(\w+\s*=\s*)?(global::)?ILGPU\b|(?<![\w.""])ILGPU\.\w")]
    private static partial Regex IlgpuName();
}
