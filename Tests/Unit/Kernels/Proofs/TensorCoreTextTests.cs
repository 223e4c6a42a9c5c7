using System.Reflection;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>The kernels of the tensor-core tier compile to CUDA's text without a GPU: nothing unresolved, nothing in
/// local memory, the instructions that they are for.</summary>
public sealed partial class TensorCoreTextTests
{
    /// <summary>What a group may have without asking the driver.</summary>
    private const int SharedBytes = 48 * 1024;

    /// <summary>The oldest architecture with tensor cores for these has the fewest instructions.</summary>
    public static TheoryData<string, int> Kernels => Rows(80);

    public static TheoryData<string, int> OnOtherArchitectures => Rows(87, 89, 90);

    private static TheoryData<string, int> Rows(params int[] architectures)
        => [.. from name in TensorCoreKernels.All.Keys
               from architecture in architectures
               select new TheoryDataRow<string, int>(name, architecture)];

    [Theory, MemberData(nameof(Kernels))]
    public void A_kernel_compiles_for_CUDA_without_a_GPU(string name, int architecture)
    {
        MethodInfo kernel = TensorCoreKernels.All[name];
        string text = CudaText.Compile(kernel, architecture);
        Assert.Contains(".visible .entry", text);
        bool dynamic = KernelAttribute.Of(kernel).DynamicBytes > 0;
        // Nothing else may be unresolved, and dynamic shared memory lies where copies of 16 bytes want it.
        Assert.Equal(dynamic ? [".extern .shared .align 16 .b8 __dyn_shared_alloca[];"]
            : [], Extern().Matches(text).Select(line => line.Value));
        Assert.DoesNotContain(".local", text);
        Assert.InRange(SharedArray().Matches(text).Sum(array => int.Parse(array.Groups[1].Value)), 0, dynamic ? 0 : SharedBytes);
        if (name == nameof(ScaledHalves)) return;
        foreach (string instruction in new[] { "mma.sync.aligned.m16n8k16", "ldmatrix.sync.aligned", "cp.async.cg.shared.global" })
            Assert.Contains(instruction, text);
    }

    [Theory, MemberData(nameof(OnOtherArchitectures)), Trait("Category", "long")]
    public void A_kernel_compiles_for_every_architecture(string name, int architecture)
        => A_kernel_compiles_for_CUDA_without_a_GPU(name, architecture);

    [GeneratedRegex(@"\.extern[^\n]*")]
    private static partial Regex Extern();

    [GeneratedRegex(@"\.shared \.align 16 \.b8 \S+\[(\d+)\]")]
    private static partial Regex SharedArray();
}
