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

    private static readonly string[] Products = ["qkv", "out + residual", "up", "gate, up, SiLU·up", "down + residual"];

    private static readonly string[] Tower
        = ["tower qkv, bias", "tower out, bias + residual", "tower fc1, bias, GELU", "tower fc2, bias + residual"];

    private static readonly string[] Decoding = ["attention, decode", "attention, decode, int8 cache"];

    private static readonly string[] Rest =
    [
        "RMSNorm", "rotary embedding, to the cache", "RMSNorm", "rotary embedding, to the cache", "LayerNorm", "most likely word (top-1)",
    ];

    [Fact]
    public void Every_kernel_of_the_7B_model_runs_on_the_processor()
    {
        using var device = new CpuDevice();
        var works = new KernelWorks(Sizes.Config, Sizes.Positions, StorageType.F32);
        string[] attention = ["attention, prefill", .. Decoding, "tower attention, pictures", "tower attention, over time"];
        Assert.Equal([.. Products, .. Products, .. Products, .. Tower, .. attention, .. Rest], Run(device, works.All([StorageType.F16])));
    }

    /// <summary>Weights in turns, and all that a decode step has.</summary>
    [Theory, InlineData(TestDevice.OpenCl), InlineData(TestDevice.OpenClPortableHalf), InlineData(TestDevice.Cuda)]
    public void A_decode_steps_kernels_run_on_an_accelerator(TestDevice name)
    {
        ComputeDevice device = TestDevices.Get(name);
        var works = new KernelWorks(Sizes.Config, Sizes.Positions, device.ActivationType);
        IEnumerable<KernelWork> attention = works.Attention().Where(work => Decoding.Contains(work.Operation));
        IEnumerable<KernelWork> step = works.Products(StorageType.Q4_0, 1).Concat(attention).Concat(works.Rest());
        Assert.Equal([.. Products, .. Decoding, .. Rest], Run(device, step));
    }

    [Theory, InlineData(TestDevice.OpenCl), InlineData(TestDevice.Cuda)]
    public void Layers_of_the_7B_model_in_blocks_load_and_decode(TestDevice name)
    {
        ComputeDevice device = TestDevices.Get(name);
        device.CreateQueue().Dispose(); // lets go of what was waited for
        long before = device.AllocatedBytes;
        using (VideoLlava model = VideoLlava.Synthetic(SyntheticCheckpoint.Video7B(2), StorageType.Q4_0, device,
            new LoadOptions(AvailableMemory: long.MaxValue)))
        {
            BenchmarkResult result = new ModelBenchmark(model, 1).Decode(2, cancel: TestContext.Current.CancellationToken);
            output.WriteLine($"{(device.AllocatedBytes - before) >> 20} MiB, {1e3 * result.Mean / 2:0.0} ms a token");
        }
        device.CreateQueue().Dispose();
        Assert.Equal(before, device.AllocatedBytes);
    }

    /// <summary>The operations that have run.</summary>
    private static List<string> Run(ComputeDevice device, IEnumerable<KernelWork> works)
    {
        var names = new List<string>();
        using ComputeQueue queue = device.CreateQueue();
        foreach (KernelWork work in works)
        {
            using var operands = new KernelOperands(device, queue, device is CpuDevice ? 0 : Sizes.RotatedBytes);
            Action<int> give = work.Prepare(operands);
            for (int turn = 0; turn < (device is CpuDevice ? 1 : 3); turn++) give(turn);
            queue.Wait();
            names.Add(work.Operation);
        }
        return names;
    }
}
