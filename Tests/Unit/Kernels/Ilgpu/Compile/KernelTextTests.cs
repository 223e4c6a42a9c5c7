using System.Reflection;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU.Backends.OpenCL;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Ilgpu.Compile;

/// <summary>What is done to ILGPU's text: the local fence on OpenCL, and names that do not depend on what was compiled before.</summary>
public sealed class KernelTextTests
{
    [Fact]
    public void Barriers_get_the_local_fence()
        => Assert.Equal("a; barrier ( CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE ); b",
            KernelText.WithLocalFence("a; work_group_barrier ( CLK_GLOBAL_MEM_FENCE ); b"));

    [Fact]
    public void A_barrier_in_unknown_words_is_refused()
        => Assert.Throws<NotSupportedException>(() => KernelText.WithLocalFence("work_group_barrier ( CLK_IMAGE_MEM_FENCE )"));

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
        Assert.InRange(kernels.Count, 20, 60);
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
