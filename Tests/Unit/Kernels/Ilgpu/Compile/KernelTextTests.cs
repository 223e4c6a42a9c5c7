using System.Reflection;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Ilgpu.Compile;

/// <summary>What is done to ILGPU's text: the local fence on OpenCL, no claim of uniform branches on CUDA, and names that do not
/// depend on what was compiled before.</summary>
public sealed class KernelTextTests
{
    [Fact]
    public void Barriers_get_the_local_fence()
        => Assert.Equal("a; barrier ( CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE ); b",
            KernelText.WithLocalFence("a; work_group_barrier ( CLK_GLOBAL_MEM_FENCE ); b"));

    [Fact]
    public void A_barrier_in_unknown_words_is_refused()
        => Assert.Throws<NotSupportedException>(() => KernelText.WithLocalFence("work_group_barrier ( CLK_IMAGE_MEM_FENCE )"));

    [Fact]
    public void Conditional_branches_claim_nothing()
        => Assert.Equal("@%p1 bra\tL_1;\n\t@!%p12 bra L_2;\n\tbra.uni\tL_3;\n",
            KernelText.WithoutUniformClaims("@%p1 bra.uni\tL_1;\n\t@!%p12 bra.uni L_2;\n\tbra.uni\tL_3;\n"));

    /// <summary>To measure what leaving them out costs.</summary>
    [Fact]
    public void Claims_are_kept_where_that_is_asked_for()
    {
        MethodInfo kernel = DeviceKernels.Methods.Values.First(method => method.DeclaringType!.Name == "RmsNorm");
        string Text(bool keeps) => CudaText.Kernel(kernel, CudaText.Architectures[0], keeps).PTXAssembly;
        Assert.Equal(KernelText.WithoutUniformClaims(Text(keeps: true)), Text(keeps: false));
        Assert.NotEqual(Text(keeps: true), Text(keeps: false));
    }

    [Theory, InlineData("@ %p1 bra.uni L_1;"), InlineData("@%p1 brx.idx.uni %r1, L;"), InlineData("call.uni F;")]
    public void A_claim_in_unknown_words_is_refused(string text)
        => Assert.Throws<NotSupportedException>(() => KernelText.WithoutUniformClaims(text));

    /// <summary>ILGPU takes the item's index for uniform; the day it does not, the text needs no change.</summary>
    [Fact]
    public void ILGPU_claims_of_a_branch_that_parts_lanes_that_it_is_uniform()
    {
        MethodInfo kernel = GetType().GetMethod(nameof(PartedKernel), BindingFlags.Static | BindingFlags.NonPublic)!;
        using Context context = Context.Create(CompilerOptions.Apply);
        using var backend = new PTXBackend(context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80,
            CudaInstructionSet.ISA_78, null);
        var compiled = (PTXCompiledKernel)backend.Compile(KernelText.Entry(kernel), default);
        Assert.Matches(@"@!?%p\d+\s+bra\.uni", compiled.PTXAssembly);
        Assert.DoesNotMatch(@"@!?%p\d+\s+bra\.uni", CudaText.Compile(kernel, 80));
    }

    [Kernel]
    private static void PartedKernel(Index1D item, ArrayView<int> y)
    {
        if (item % 3 == 0) y[item] = 1;
        else y[item * 2] = y[item + 1];
    }

    [Theory]
    [InlineData("struct type_730 a; struct type_9 b; struct type_730_kernel c; L_55: goto L_56;",
        "struct type_0 a; struct type_1 b; struct type_0_kernel c; L_2: goto L_3;")]
    [InlineData(".target sm_87 .entry Kernel_Rows_4( _x_17, _y_18) [_x_17+8] %r12 L_3:",
        ".target sm_87 .entry Kernel_Rows_4( _x_0, _y_1) [_x_0+8] %r12 L_2:")]
    public void Names_are_numbered_in_the_order_of_the_text(string text, string renumbered)
        => Assert.Equal(renumbered, KernelText.Renumbered(text));

    /// <summary>A kernel of each family and tier, the second time after all the others: drivers find it in their
    /// caches by its text.</summary>
    [Fact]
    public void OpenCL_text_does_not_depend_on_what_was_compiled_before()
    {
        var device = (IlgpuDevice)TestDevices.Get(TestDevice.OpenCl);
        AssertSame(Sample(kernel => !new KernelReach(kernel).IsTensorCore), kernel => ((CLCompiledKernel)KernelText.Compile(
            device.Accelerator, KernelText.Entry(kernel), default)).Source);
    }

    [Fact]
    public void CUDA_s_text_does_not_depend_on_what_was_compiled_before()
        => AssertSame(Sample(_ => true),
            kernel => CudaText.Compile(kernel, 87));

    private static void AssertSame(IReadOnlyList<MethodInfo> kernels, Func<MethodInfo, string> compile)
    {
        string[] first = [.. kernels.Select(compile)], second = [.. kernels.Reverse().Select(compile).Reverse()];
        Assert.InRange(kernels.Count, 20, 100);
        for (int i = 0; i < first.Length; i++)
            Assert.True(first[i] == second[i], $"{DeviceKernels.Name(kernels[i])}: {FirstDifference(first[i], second[i])}");
    }

    /// <summary>Of each kernel the last of its instances: those with the most type arguments that unpack.</summary>
    private static MethodInfo[] Sample(Func<MethodInfo, bool> wanted)
        => [.. DeviceKernels.Methods.Values.Where(wanted).Reverse().DistinctBy(Definition)];

    private static string Definition(MethodInfo kernel) => $"{kernel.DeclaringType!.Name}.{kernel.Name}";

    private static string FirstDifference(string a, string b)
        => a.Split('\n').Zip(b.Split('\n')).Where(lines => lines.First != lines.Second)
        .Select(lines => $"'{lines.First}' became '{lines.Second}'").FirstOrDefault("more lines");
}
