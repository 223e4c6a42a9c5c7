using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>Every kernel through NVIDIA's assembler, without a GPU: no stack frame, no spilled register, no access to
/// local memory.</summary>
[Trait("Category", "long")]
public sealed class PtxasTests(ITestOutputHelper output)
{
    private static readonly int[] Architectures = [72, 80, 87, 90];

    /// <summary>Kernels that may use local memory, with the reason.</summary>
    private static readonly Dictionary<string, string> Exceptions = [];

    private static IEnumerable<(string Name, MethodInfo Method)> Kernels
        => DeviceKernels.Methods.Select(kernel => (kernel.Key, kernel.Value));

    /// <summary>Also writes the table of docs/benchmarks.md to Tests/TestResults/cuda-kernels.md.</summary>
    [Fact]
    public void No_kernel_touches_local_memory()
    {
        Assert.SkipUnless(Ptxas.IsHere, Ptxas.Remedy);
        var assembled = new ConcurrentDictionary<(string Kernel, int Architecture), Assembled>();
        Parallel.ForEach(
            from kernel in Kernels
            from architecture in Architectures
            where CudaText.Runs(kernel.Method, architecture)
            select (kernel, architecture),
            job => assembled[(job.kernel.Name, job.architecture)] = Ptxas.Assemble(CudaText.Compile(job.kernel.Method, job.architecture),
                job.architecture));
        string table = Table(assembled);
        string results = Path.Combine(Golden.Repository, "Tests", "TestResults");
        Directory.CreateDirectory(results);
        File.WriteAllText(Path.Combine(results, "cuda-kernels.md"), table);
        output.WriteLine(table);
        Assert.Empty(assembled.Where(pair => !IsClean(pair.Value) && !Exceptions.ContainsKey(pair.Key.Kernel))
            .Select(pair => $"{pair.Key}: {pair.Value}"));
    }

    [Theory, InlineData(nameof(PlantedLocalArray), false), InlineData(nameof(PlantedPlain), true)]
    public void A_planted_local_array_is_found(string name, bool clean)
    {
        Assert.SkipUnless(Ptxas.IsHere, Ptxas.Remedy);
        MethodInfo kernel = GetType().GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!;
        Assembled result = Ptxas.Assemble(CudaText.Compile(kernel, 87), 87);
        output.WriteLine(result.ToString());
        Assert.Equal(clean, IsClean(result));
    }

    [Kernel]
    private static void PlantedLocalArray(Index1D item, ArrayView<float> x)
    {
        ArrayView<float> local = LocalMemory.Allocate<float>(64);
        for (int i = 0; i < 64; i++) local[i] = x[i * item];
        x[item] = local[(int)x[item] & 63];
    }

    [Kernel]
    private static void PlantedPlain(Index1D item, ArrayView<float> x) => x[item] = 2 * x[item];

    private static bool IsClean(Assembled kernel) => kernel.Stack == 0 && kernel.LocalAccesses is null or 0;

    private static int Dynamic(string kernel) => KernelAttribute.Of(DeviceKernels.Methods[kernel]).DynamicBytes;

    private static string Table(IReadOnlyDictionary<(string Kernel, int Architecture), Assembled> assembled)
    {
        var text = new StringBuilder("| kernel | registers sm_72 / 80 / 87 / 90 | shared bytes |\n|---|---|---|\n");
        foreach (string kernel in assembled.Keys.Select(key => key.Kernel).Distinct().Order(StringComparer.Ordinal))
        {
            IEnumerable<string> registers = Architectures.Select(architecture
                => assembled.TryGetValue((kernel, architecture), out Assembled? at) ? $"{at.Registers}" : "-");
            text.Append($"| {kernel} | {string.Join(" / ", registers)} | {assembled[(kernel, 87)].SharedBytes + Dynamic(kernel)} |\n");
        }
        return text.ToString();
    }
}
