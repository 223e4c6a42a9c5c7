using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

/// <summary>What loading a kernel adds to ILGPU: the local fence on OpenCL, and one line for what does not compile.</summary>
public sealed class KernelLoaderTests
{
    [Fact]
    public void Barriers_get_the_local_fence()
        => Assert.Equal("a; barrier ( CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE ); b", KernelLoader.WithLocalFence("a; work_group_barrier ( CLK_GLOBAL_MEM_FENCE ); b"));

    [Fact]
    public void A_barrier_in_unknown_words_is_refused()
        => Assert.Throws<NotSupportedException>(() => KernelLoader.WithLocalFence("work_group_barrier ( CLK_IMAGE_MEM_FENCE )"));

    [Theory, InlineData(TestDevice.IlgpuCpu), InlineData(TestDevice.OpenCl)]
    public void A_kernel_that_does_not_compile_is_named_in_one_line(TestDevice device)
    {
        _ = TestDevices.Get(device);
        using var fresh = (IlgpuDevice)TestDevices.Open(device); // a rejected kernel spoils its context
        var loader = new KernelLoader(fresh.Accelerator, fresh.Tier);
        string message = Assert.Throws<DeviceFailedException>(() => loader.Load(out _, (Action<Index1D, ArrayView<float>, ArrayView<float>>)Throwing)).Message;
        Assert.Contains($"{nameof(KernelLoaderTests)}.{nameof(Throwing)} does not compile", message);
        Assert.Contains("Throw", message);
        Assert.DoesNotContain('\n', message);
    }

    /// <summary>Compiled by ILGPU, refused by the driver: the words are the driver's.</summary>
    [Fact]
    public void The_driver_s_build_log_is_in_the_line()
    {
        var accelerator = (IlgpuDevice)TestDevices.Get(TestDevice.OpenCl);
        var loader = new KernelLoader(accelerator.Accelerator, accelerator.Tier);
        string message = Assert.Throws<DeviceFailedException>(() => loader.Load(out _, (Action<Index1D, ArrayView<float>, ArrayView<float>>)Fusing)).Message;
        Assert.Contains($"OpenCL ({accelerator.Accelerator.Name.Trim()})", message);
        Assert.Contains("FusedMultiplyAdd", message);
        Assert.DoesNotContain('\n', message);
    }

    private static void Throwing(Index1D item, ArrayView<float> x, ArrayView<float> y)
    {
        if (item > 3) throw new InvalidOperationException();
        y[item] = x[item];
    }

    private static void Fusing(Index1D item, ArrayView<float> x, ArrayView<float> y) => y[item] = MathF.FusedMultiplyAdd(x[item], 2f, 1f);
}
