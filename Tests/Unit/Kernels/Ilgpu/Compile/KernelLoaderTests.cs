using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Ilgpu.Compile;

/// <summary>Kernels are compiled when they are first wanted; what does not compile is said in one line, and harms nothing else.</summary>
public sealed class KernelLoaderTests
{
    [Theory, InlineData(TestDevice.IlgpuCpu), InlineData(TestDevice.OpenCl)]
    public void A_kernel_that_does_not_compile_is_named_in_one_line(TestDevice device)
    {
        _ = TestDevices.Get(device);
        using var fresh = (IlgpuDevice)TestDevices.Open(device); // a rejected kernel spoils the context of ILGPU's CPU accelerator
        Loader(fresh).Load(out var kernel, (Action<Index1D, ArrayView<float>, ArrayView<float>>)Throwing);
        string message = Assert.Throws<DeviceFailedException>(() => kernel.Launcher).Message;
        Assert.Contains($"{nameof(KernelLoaderTests)}.{nameof(Throwing)} does not compile", message);
        Assert.Contains("Throw", message);
        Assert.DoesNotContain('\n', message);
        Assert.Equal(message, Assert.Throws<DeviceFailedException>(() => kernel.Launcher).Message);
    }

    /// <summary>Compiled by ILGPU, refused by the driver: the words are the driver's.</summary>
    [Fact]
    public void The_driver_s_build_log_is_in_the_line()
    {
        var accelerator = (IlgpuDevice)TestDevices.Get(TestDevice.OpenCl);
        Loader(accelerator).Load(out var kernel, (Action<Index1D, ArrayView<float>, ArrayView<float>>)Fusing);
        string message = Assert.Throws<DeviceFailedException>(() => kernel.Launcher).Message;
        Assert.Contains($"OpenCL ({accelerator.Accelerator.Name.Trim()})", message);
        Assert.Contains("FusedMultiplyAdd", message);
        Assert.DoesNotContain('\n', message);
    }

    /// <summary>By ILGPU or by the driver: the failure is of the launch alone. What the device had it still has, and what it is given it does.</summary>
    [Theory, InlineData(nameof(Throwing)), InlineData(nameof(Fusing))]
    public void A_device_with_a_kernel_that_does_not_compile_runs_the_others(string planted)
    {
        _ = TestDevices.Get(TestDevice.OpenCl);
        using var device = (IlgpuDevice)TestDevices.Open(TestDevice.OpenCl);
        Loader(device).Load(out var kernel, planted == nameof(Throwing) ? Throwing : (Action<Index1D, ArrayView<float>, ArrayView<float>>)Fusing);
        using (var rig = new KernelRig(device))
        {
            float[] numbers = rig.Numbers(64);
            Matrix x = rig.Dense(numbers, 4, 16), y = rig.Dense(new float[64], 4, 16);
            ArrayView<float> view = IlgpuViews.View<float>(x.Buffer, 0, 64);
            var queue = (IlgpuQueue)rig.Queue;
            Assert.Throws<DeviceFailedException>(() => queue.Launch(kernel, IlgpuQueue.Items(64), view, view));
            Assert.Throws<DeviceFailedException>(() => queue.Compile(() => queue.Launch(kernel, IlgpuQueue.Items(64), view, view)));
            CopyRows.Run(queue, x, y);
            Assert.Equal(numbers, queue.Read(y));
        }
        device.AssertEmpty();
    }

    [Fact]
    public void Opening_a_device_compiles_nothing_and_a_launch_what_it_launches()
    {
        _ = TestDevices.Get(TestDevice.OpenCl);
        using var device = (IlgpuDevice)TestDevices.Open(TestDevice.OpenCl);
        using var rig = new KernelRig(device);
        Matrix x = rig.Dense(rig.Numbers(64), 4, 16), y = rig.Dense(new float[64], 4, 16);
        Assert.Equal(0, device.Loader.Compiled);
        rig.Queue.Compile(() => CopyRows.Run(rig.Queue, x, y));
        Assert.Equal(1, device.Loader.Compiled);
        Assert.All(rig.Queue.Read(y), number => Assert.Equal(0, number)); // compiled, not done
        CopyRows.Run(rig.Queue, x, y);
        Assert.Equal(rig.Queue.Read(x), rig.Queue.Read(y));
        Assert.Equal(1, device.Loader.Compiled);
    }

    /// <summary>Several threads want one kernel: it is compiled once.</summary>
    [Fact]
    public void A_kernel_is_compiled_once()
    {
        var device = (IlgpuDevice)TestDevices.Get(TestDevice.OpenCl);
        KernelLoader loader = Loader(device);
        loader.Load(out var kernel, (Action<Index1D, ArrayView<float>, ArrayView<float>>)Doubling);
        var launchers = new Delegate[8];
        Parallel.For(0, launchers.Length, i => launchers[i] = kernel.Load());
        Assert.All(launchers, launcher => Assert.Same(kernel.Launcher, launcher));
        Assert.Equal(1, loader.Compiled);
    }

    private static KernelLoader Loader(IlgpuDevice device) => new(device.Accelerator, device.Tier, device.Gate);

    private static void Throwing(Index1D item, ArrayView<float> x, ArrayView<float> y)
    {
        if (item > 3) throw new InvalidOperationException();
        y[item] = x[item];
    }

    private static void Fusing(Index1D item, ArrayView<float> x, ArrayView<float> y) => y[item] = MathF.FusedMultiplyAdd(x[item], 2f, 1f);

    private static void Doubling(Index1D item, ArrayView<float> x, ArrayView<float> y) => y[item] = 2 * x[item];
}
