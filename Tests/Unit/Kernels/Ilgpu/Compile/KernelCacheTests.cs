using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Ilgpu.Compile;

using Kernel = Action<Index1D, ArrayView<float>, ArrayView<float>>;
using Launcher = Action<AcceleratorStream, Index1D, ArrayView<float>, ArrayView<float>>;

/// <summary>Kernels are compiled when they are first wanted; what does not compile is said in one line, and harms nothing else.</summary>
public sealed class KernelCacheTests
{
    [Theory, InlineData(TestDevice.IlgpuCpu), InlineData(TestDevice.OpenCl)]
    public void A_kernel_that_does_not_compile_is_named_in_one_line(TestDevice device)
    {
        _ = TestDevices.Get(device);
        using var fresh = (IlgpuDevice)TestDevices.Open(device); // a rejected kernel spoils the context of ILGPU's CPU accelerator
        var kernel = fresh.Kernels.Get<Launcher>((Kernel)Throwing);
        string message = Assert.Throws<DeviceFailedException>(() => kernel.Launcher).Message;
        Assert.Contains($"{nameof(KernelCacheTests)}.{nameof(Throwing)} does not compile", message);
        Assert.Contains("Throw", message);
        Assert.DoesNotContain('\n', message);
        Assert.Equal(message, Assert.Throws<DeviceFailedException>(() => kernel.Launcher).Message);
    }

    /// <summary>Compiled by ILGPU, refused by the driver: the words are the driver's.</summary>
    [Fact]
    public void The_driver_s_build_log_is_in_the_line()
    {
        var accelerator = (IlgpuDevice)TestDevices.Get(TestDevice.OpenCl);
        var kernel = accelerator.Kernels.Get<Launcher>((Kernel)Fusing);
        string message = Assert.Throws<DeviceFailedException>(() => kernel.Launcher).Message;
        Assert.Contains($"OpenCL ({accelerator.Accelerator.Name.Trim()})", message);
        Assert.Contains("FusedMultiplyAdd", message);
        Assert.DoesNotContain('\n', message);
    }

    /// <summary>By ILGPU or by the driver: the failure is of the launch alone. What the device had it still has, and
    /// what it is given it does.</summary>
    [Theory, InlineData(nameof(Throwing)), InlineData(nameof(Fusing))]
    public void A_device_with_a_kernel_that_does_not_compile_runs_the_others(string planted)
    {
        _ = TestDevices.Get(TestDevice.OpenCl);
        using var device = (IlgpuDevice)TestDevices.Open(TestDevice.OpenCl);
        Kernel kernel = planted == nameof(Throwing) ? Throwing : Fusing;
        using (var rig = new KernelRig(device))
        {
            float[] numbers = rig.Numbers(64);
            Matrix x = rig.Dense(numbers, 4, 16), y = rig.Dense(new float[64], 4, 16);
            ArrayView<float> view = IlgpuViews.View<float>(x.Buffer, 0, 64);
            var queue = (IlgpuQueue)rig.Queue;
            Assert.Throws<DeviceFailedException>(() => queue.Launch(kernel, 64, view, view));
            Assert.Throws<DeviceFailedException>(() => queue.Compile(() => queue.Launch(kernel, 64, view, view)));
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
        Assert.Equal(0, device.Kernels.Compiled);
        rig.Queue.Compile(() => CopyRows.Run(rig.Queue, x, y));
        Assert.Equal(1, device.Kernels.Compiled);
        Assert.All(rig.Queue.Read(y), number => Assert.Equal(0, number)); // compiled, not done
        CopyRows.Run(rig.Queue, x, y);
        Assert.Equal(rig.Queue.Read(x), rig.Queue.Read(y));
        Assert.Equal(1, device.Kernels.Compiled);
    }

    /// <summary>What is not marked would be missing in the lists of the tests.</summary>
    [Fact]
    public void An_unmarked_method_is_refused()
    {
        var device = (IlgpuDevice)TestDevices.Get(TestDevice.OpenCl);
        string message = Assert.Throws<InvalidOperationException>(() => device.Kernels.Get<Launcher>((Kernel)Unmarked)).Message;
        Assert.Contains($"{nameof(KernelCacheTests)}.{nameof(Unmarked)} is launched, but not marked", message);
    }

    /// <summary>From the second on, a launch finds its kernel without allocating: a decode step has hundreds.</summary>
    [Fact]
    public void A_launch_finds_its_kernel_without_allocation()
    {
        var device = (IlgpuDevice)TestDevices.Get(TestDevice.OpenCl);
        device.Kernels.Get<Launcher>((Kernel)Doubling);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) device.Kernels.Get<Launcher>((Kernel)Doubling);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    /// <summary>Several threads want one kernel: it is compiled once.</summary>
    [Fact]
    public void A_kernel_is_compiled_once()
    {
        _ = TestDevices.Get(TestDevice.OpenCl);
        using var device = (IlgpuDevice)TestDevices.Open(TestDevice.OpenCl); // its own: compilations are counted
        var launchers = new Delegate[8];
        Parallel.For(0, launchers.Length, i => launchers[i] = device.Kernels.Get<Launcher>(i % 2 == 0 ? (Kernel)Doubling
            : new Kernel(Doubling)).Launcher);
        Assert.All(launchers, launcher => Assert.Same(launchers[0], launcher));
        Assert.Equal(1, device.Kernels.Compiled);
    }

    [Kernel]
    private static void Throwing(Index1D item, ArrayView<float> x, ArrayView<float> y)
    {
        if (item > 3) throw new InvalidOperationException();
        y[item] = x[item];
    }

    [Kernel]
    private static void Fusing(Index1D item, ArrayView<float> x, ArrayView<float> y) => y[item] = MathF.FusedMultiplyAdd(x[item], 2f, 1f);

    [Kernel]
    private static void Doubling(Index1D item, ArrayView<float> x, ArrayView<float> y) => y[item] = 2 * x[item];

    private static void Unmarked(Index1D item, ArrayView<float> x, ArrayView<float> y) => y[item] = x[item];
}
