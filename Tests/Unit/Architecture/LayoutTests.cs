using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Architecture;

/// <summary>The layout of docs/decisions.md, held by the sources; and every rule held by a fault planted against it.</summary>
public sealed class LayoutTests(ITestOutputHelper output)
{
    private static readonly Lazy<SourceTree> Sources = new(() => SourceTree.Read(Golden.Repository));

    private static readonly Dictionary<string, Func<SourceTree, IEnumerable<string>>> Rules = new()
    {
        ["references point one way"] = LayoutRules.ReferencesPointOneWay,
        ["no stage names a later one"] = LayoutRules.NoStageNamesALaterOne,
        ["only device code names ILGPU"] = LayoutRules.OnlyDeviceCodeNamesIlgpu,
        ["one adapter for each package"] = LayoutRules.OneAdapterForEachPackage,
        ["operations are complete"] = LayoutRules.OperationsAreComplete,
        ["libraries name no options"] = LayoutRules.LibrariesNameNoOptions,
        ["lines are short"] = LayoutRules.LinesAreShort,
        ["files are short"] = LayoutRules.FilesAreShort,
    };

    public static TheoryData<string> RuleNames => [.. Rules.Keys];

    /// <summary>Rule, file, text, and what the violation says.</summary>
    public static TheoryData<string, string, string, string> Faults => new()
    {
        { "references point one way", "Kernels/K.csproj", "<ProjectReference Include=\"../Runtime/R.csproj\" />",
            "Kernels/K.csproj references Runtime" },
        { "references point one way", "Samples/Edge/E.csproj", "<ProjectReference Include=\"..\\..\\Tests\\Unit\\T.csproj\" />",
        "references Tests" },
        { "references point one way", "Quantizer/Q.csproj", "<ProjectReference Include=\"../Trainer/T.csproj\" />", "references Trainer" },
        { "references point one way", "Runtime/R.csproj", "<ProjectReference Include=\"../Extensions/E.csproj\" />",
            "references Extensions" },
        { "no stage names a later one", "Runtime/Vision/V.cs", "using EdgeVideoLlava.Runtime.Language;", "names the later stage Language" },
        { "no stage names a later one", "Runtime/Video/V.cs", "    EdgeVideoLlava.Runtime.Live.Caption x;", "names the later stage Live" },
        { "no stage names a later one", "Runtime/Novel/N.cs", "namespace EdgeVideoLlava.Runtime.Novel;", "Novel is missing" },
        { "only device code names ILGPU", "Runtime/Vision/V.cs", "using ILGPU.Runtime;", "Runtime/Vision/V.cs names ILGPU" },
        { "only device code names ILGPU", "Kernels/Norm/Rms.Cpu.cs", "using ILGPU;", "Rms.Cpu.cs names ILGPU" },
        { "only device code names ILGPU", "Kernels/Norm/Rms.cs", "    ILGPU.Index1D index;", "Rms.cs names ILGPU" },
        { "operations are complete", "Kernels/Norm/Rms.Cpu.cs", "", "Kernels/Norm/Rms has no .Gpu.cs" },
        { "operations are complete", "Kernels/Norm/Rms.Cpu.cs", "", "no Tests/Unit/Kernels/Norm/RmsTests.cs" },
        { "operations are complete", "Kernels/Norm/Rms.Cpu.cs", "", "no Tests/Benchmarks/Kernels/Norm/RmsBenchmarks.cs" },
        { "libraries name no options", "Runtime/Vision/V.cs", "throw new E(\"take --device cpu\");", "says '--device'" },
        { "libraries name no options", "Kernels/Cpu/C.cs", "    const string Remedy = \"apt-get install x\";", "says 'apt-get'" },
        { "lines are short", "Runtime/Wide.cs", "short\n" + new string('x', LayoutRules.LongestLine + 1),
            "Wide.cs, line 2, has 141 columns" },
        { "files are short", "Runtime/Long.cs", string.Join('\n', new int[LayoutRules.LongestFile + 1]), "Runtime/Long.cs has 351 lines" },
    };

    [Theory]
    [MemberData(nameof(RuleNames))]
    public void The_sources_keep_the_rule(string rule) => Assert.Empty(Rules[rule](Sources.Value));

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_planted_fault_is_found(string rule, string path, string text, string complaint)
    {
        var tree = new SourceTree(new Dictionary<string, string> { ["Kernels/Norm/Rms.cs"] = "// no gpu:", [path] = text });
        Assert.Contains(Rules[rule](tree), found => found.Contains(complaint));
    }

    [Fact]
    public void A_second_file_that_names_a_package_is_found()
    {
        var tree = new SourceTree(new Dictionary<string, string>
        {
            ["Runtime/Video/A.cs"] = "using SixLabors.ImageSharp.PixelFormats;",
            ["Runtime/Preprocess/B.cs"] = "    SixLabors.ImageSharp.Image image; // the adapter's",
            ["Runtime/Preprocess/C.cs"] = "// SixLabors.ImageSharp is the adapter's",
        });
        Assert.Equal(
            ["SixLabors.ImageSharp is named by 2 files: Runtime/Video/A.cs, Runtime/Preprocess/B.cs"],
            LayoutRules.OneAdapterForEachPackage(tree));
    }

    [Fact]
    public void An_excused_operation_needs_no_kernel_and_no_benchmark()
    {
        var tree = new SourceTree(new Dictionary<string, string>
        {
            ["Kernels/Norm/Rms.cs"] = "// no gpu: host only\n// no benchmark: runs once\n",
            ["Kernels/Norm/Rms.Cpu.cs"] = "",
            ["Tests/Unit/Kernels/Norm/RmsTests.cs"] = "",
        });
        Assert.Empty(LayoutRules.OperationsAreComplete(tree));
    }

    [Fact]
    public void The_sources_are_seen_at_all()
    {
        Assert.Contains("Kernels/EdgeVideoLlava.Kernels.csproj", Sources.Value.Files.Keys);
        Assert.Contains("Runtime/Weights/SafeTensors.cs", Sources.Value.Product);
        foreach ((string path, int lines) in LayoutRules.Longest(Sources.Value).Take(5)) output.WriteLine($"{lines,4}  {path}");
    }
}
