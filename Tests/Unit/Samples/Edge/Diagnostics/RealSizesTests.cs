using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge.Diagnostics;

/// <summary>What a report does on a GPU, at its real sizes: a shape that does not fit must not be found there.</summary>
[Trait("Category", "long")]
public sealed class RealSizesTests(ITestOutputHelper output)
{
    private static readonly GpuReportSizes Sizes = GpuReportSizes.Real;

    [Fact]
    public void Every_kernel_of_the_7B_model_runs_on_the_processor()
    {
        using var device = new CpuDevice();
        Assert.Equal(30, Run(device, new KernelWorks(Sizes.Config, Sizes.Positions, StorageType.F32).All([StorageType.F16])));
    }

    /// <summary>Weights in turns, and all that a decode step has.</summary>
    [Theory, InlineData(TestDevice.OpenCl), InlineData(TestDevice.OpenClPortableHalf), InlineData(TestDevice.Cuda)]
    public void A_decode_steps_kernels_run_on_an_accelerator(TestDevice name)
    {
        ComputeDevice device = TestDevices.Get(name);
        var works = new KernelWorks(Sizes.Config, Sizes.Positions, device.ActivationType);
        Assert.Equal(13, Run(device, works.Products(StorageType.Q4_0, 1).Concat(works.Attention().Where(work => work.Operation.StartsWith("attention, decode"))).Concat(works.Rest())));
    }

    [Theory, InlineData(TestDevice.OpenCl), InlineData(TestDevice.Cuda)]
    public void Layers_of_the_7B_model_in_blocks_load_and_decode(TestDevice name)
    {
        ComputeDevice device = TestDevices.Get(name);
        device.CreateQueue().Dispose(); // lets go of what was waited for
        long before = device.AllocatedBytes;
        using (VideoLlava model = VideoLlava.Synthetic(SyntheticCheckpoint.Video7B(2), StorageType.Q4_0, device, new LoadOptions(AvailableMemory: long.MaxValue)))
        {
            BenchmarkResult result = new ModelBenchmark(model, 1).Decode(2, cancel: TestContext.Current.CancellationToken);
            output.WriteLine($"{(device.AllocatedBytes - before) >> 20} MiB, {1e3 * result.Mean / 2:0.0} ms a token");
        }
        device.CreateQueue().Dispose();
        Assert.Equal(before, device.AllocatedBytes);
    }

    private static int Run(ComputeDevice device, IEnumerable<KernelWork> works)
    {
        int count = 0;
        using ComputeQueue queue = device.CreateQueue();
        foreach (KernelWork work in works)
        {
            using var operands = new KernelOperands(device, queue, device is CpuDevice ? 0 : Sizes.RotatedBytes);
            Action<int> give = work.Prepare(operands);
            for (int turn = 0; turn < (device is CpuDevice ? 1 : 3); turn++) give(turn);
            queue.Wait();
            count++;
        }
        return count;
    }
}
