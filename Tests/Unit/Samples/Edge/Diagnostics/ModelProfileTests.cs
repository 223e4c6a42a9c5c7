using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge.Diagnostics;

public sealed class ModelProfileTests(ITestOutputHelper output)
{
    private static readonly VideoLlavaConfig Config = GpuReportSizes.Small.Config;

    /// <summary>PoCL with the processor's and with the portable kernels: every launch is counted, and nearly all of
    /// the job's time is theirs.</summary>
    [Theory, InlineData(KernelTier.Processor, "LinearRow, DeviceQ4_0, Float32"),
        InlineData(KernelTier.Portable, "LinearGroupRow, DeviceQ4_0, Float32, OneRow")]
    internal void A_decode_step_is_taken_apart(KernelTier tier, string product)
    {
        using ComputeDevice device = Open(tier);
        using VideoLlava model = VideoLlava.Synthetic(Config, StorageType.Q4_0, device);
        long started = Environment.TickCount64;
        JobProfile job = new ModelProfile(model).Decode(35, TestContext.Current.CancellationToken)!;
        double limit = (Environment.TickCount64 - started) / 1e3;
        output.WriteLine(ProfileTable.Of([job], 100));
        Assert.Equal("decode after 35", job.Job);
        Assert.InRange(job.Seconds, 1e-6, limit);
        Assert.Equal(job.Kernels.OrderByDescending(kernel => kernel.Seconds), job.Kernels);
        Assert.All(job.Kernels, kernel => Assert.InRange(kernel.Seconds, 0, job.Seconds));
        (int layers, int hidden) = (Config.Language.Layers, Config.Language.Hidden);
        LaunchTime qkv = Assert.Single(job.Kernels, kernel => kernel.Kernel == product && kernel.Shape == $"1 x {hidden} to {3 * hidden}");
        Assert.Equal((layers, layers * 2.0 * hidden * 3 * hidden), (qkv.Launches, qkv.Flop));
        Assert.Equal(layers * (StorageType.Q4_0.Bytes(3L * hidden * hidden) + 4.0 * (hidden + 3 * hidden)), qkv.Bytes);
        LaunchTime attention = job.Kernels.First(kernel => kernel.Kernel.Contains("Attention"));
        Assert.Equal(KernelCost.CausalAttention(1, 36, Config.Language, StorageType.F32, StorageType.F32).Times(layers),
            new KernelCost(attention.Bytes, attention.Flop));
        Assert.Contains(job.Kernels, kernel => kernel.Kernel == "transfer" && kernel is { Bytes: 0, Flop: 0 });
    }

    [Fact]
    public void Encode_and_prefill_are_taken_apart()
    {
        using ComputeDevice device = Open(KernelTier.Portable);
        using VideoLlava model = VideoLlava.Synthetic(Config, StorageType.Q4_0, device);
        var profile = new ModelProfile(model);
        JobProfile encode = profile.Encode(TestContext.Current.CancellationToken)!;
        JobProfile prefill = profile.Prefill(35, TestContext.Current.CancellationToken)!;
        output.WriteLine(ProfileTable.Of([encode, prefill], 100));
        int rows = Config.ClipFrames * Config.VideoTower.Positions;
        // Of the towers' products all FLOP of ModelCost but the patches' are found, of the language model's all but attention.
        double towers = encode.Kernels.Where(kernel => kernel.Kernel.StartsWith("Linear", StringComparison.Ordinal))
            .Sum(kernel => kernel.Flop);
        Assert.InRange(towers, 0.5 * ModelCost.Encode(Config.VideoTower, model.Projector, Config.ClipFrames),
            ModelCost.Encode(Config.VideoTower, model.Projector, Config.ClipFrames));
        Assert.Contains(encode.Kernels, kernel
            => kernel.Shape == $"{rows} x {Config.VideoTower.Hidden} to {Config.VideoTower.FeedForward}");
        double language = prefill.Kernels.Sum(kernel => kernel.Flop);
        Assert.Equal(ModelCost.Prefill(model.Language, 35), language, 1.0);
    }

    [Fact]
    public void The_processor_has_no_launches_to_time()
    {
        using var device = new CpuDevice(1);
        using VideoLlava model = VideoLlava.Synthetic(Config, StorageType.F16, device);
        Assert.Null(new ModelProfile(model).Decode(3, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Without_time_stamps_no_launch_is_timed()
    {
        ComputeDevice device = TestDevices.Get(TestDevice.OpenCl);
        using ComputeQueue queue = device.CreateQueue();
        Assert.Throws<InvalidOperationException>(() => queue.Profile(() => { }));
    }

    [Fact]
    public void A_table_names_the_costliest_and_sums_up_the_rest()
    {
        var job = new JobProfile("prefill of 9", [new LaunchTime("CausalAttention.GroupKernel", "", 2, 0.006, 3e9, 6e12),
            new LaunchTime("LinearGroupTile", "9 x 2 to 3", 4, 0.002, 4e9, 8e12),
            new LaunchTime("CausalAttention.JoinKernel", "", 1, 0.001, 0, 0), new LaunchTime("RmsNorm", "", 1, 0.001, 0, 0)]);
        string[] lines = ProfileTable.Of([job], 2).Split('\n');
        Assert.Equal("| prefill of 9 | CausalAttention.GroupKernel |  | 2 | 3000.0 | 60.0 % | 428.6 | 857.143 |", lines[2]);
        Assert.Equal("| prefill of 9 | LinearGroupTile | 9 x 2 to 3 | 4 | 500.0 | 20.0 % | 2000.0 | 4000.0 |", lines[3]);
        Assert.Equal("| prefill of 9 | 2 others |  | 2 | 1000.0 | 20.0 % |  |  |", lines[4]);
        Assert.Equal("| prefill of 9 | all |  | 8 | 1250.0 | 100.0 % |  |  |", lines[5]);
    }

    private static ComputeDevice Open(KernelTier tier)
    {
        TestDevices.Get(TestDevice.OpenCl); // or a named skip
        return ComputeDevices.Open("opencl", new DeviceOptions(Compute: StorageType.F32, Tier: tier) { TimesLaunches = true });
    }
}
