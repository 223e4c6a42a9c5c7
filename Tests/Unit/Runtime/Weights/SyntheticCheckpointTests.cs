using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

public sealed unsafe class SyntheticCheckpointTests
{
    private static readonly VideoLlavaConfig Config = GpuReportSizes.Small.Config;

    [Theory, InlineData(StorageType.Q4_0, false), InlineData(StorageType.Q4_K, false), InlineData(StorageType.Q8_0, true)]
    public void A_block_type_is_that_of_the_seven_linears(StorageType type, bool shared)
    {
        using Checkpoint checkpoint = SyntheticCheckpoint.Create(Config, type, shared);
        HostTensor[] blocks = [.. checkpoint.Tensors.Values.Where(tensor => tensor.Type == type)];
        Assert.Equal(7 * Config.Language.Layers, blocks.Length);
        Assert.All(checkpoint.Tensors.Values.Except(blocks), tensor => Assert.Equal(StorageType.F16, tensor.Type));
        Assert.Equal(new ModelTensors(Config).Stored.Count(), checkpoint.Tensors.Count);
    }

    [Theory]
    [InlineData(StorageType.F32), InlineData(StorageType.F16), InlineData(StorageType.BF16), InlineData(StorageType.Q8_0),
        InlineData(StorageType.Q6_K)]
    [InlineData(StorageType.Q5_0), InlineData(StorageType.Q5_1), InlineData(StorageType.Q4_0), InlineData(StorageType.Q4_1),
        InlineData(StorageType.Q4_K)]
    public void Numbers_are_small_and_different_in_every_type(StorageType type)
    {
        const int count = 256 * 4099 + 512; // the end begins anew
        using var memory = new RandomMemory();
        var numbers = new float[count];
        nint address = memory.Allocate(type, count);
        if (type == StorageType.F32) new ReadOnlySpan<float>((void*)address, count).CopyTo(numbers);
        else
        {
            fixed (float* target = numbers) Unpack.ToFloats(type, (byte*)address, target, count);
        }
        Assert.InRange(numbers.Max(Math.Abs), 0.029f, 0.034f);
        Assert.InRange(numbers.Average(), -0.0005f, 0.0005f);
        Assert.InRange(numbers.Average(Math.Abs), 0.0145f, 0.0155f);
        Assert.Equal(numbers[..512], numbers[^512..]);
    }

    [Fact]
    public void Rows_that_are_no_whole_blocks_get_the_other_type()
    {
        VideoLlavaConfig odd = Config with { Language = Config.Language with { FeedForward = 96 } };
        using Checkpoint checkpoint = SyntheticCheckpoint.Create(odd, StorageType.Q4_K);
        Assert.Equal((StorageType.Q5_0, StorageType.Q4_K),
            (checkpoint.Tensors["layers.0.mlp.down_proj.weight"].Type, checkpoint.Tensors["layers.0.mlp.up_proj.weight"].Type));
    }

    [Fact]
    public void A_model_of_blocks_decodes()
    {
        using var device = new CpuDevice(1);
        using VideoLlava model = VideoLlava.Synthetic(Config, StorageType.Q4_0, device);
        BenchmarkResult result = new ModelBenchmark(model, 1).Decode(3, start: 5, TestContext.Current.CancellationToken);
        Assert.Equal(("tg3 after 5", 3), (result.Test, result.Items));
        // Three steps, each with all weights and the keys and values of 6, 7 and 8 positions.
        long linears = 2L * (4 * 256 * 256 + 3 * 512 * 256) / 32 * 18, head = 500 * 256 * 2, position = 2 * 2 * 256 * 4;
        Assert.Equal(3 * (linears + head) + (6 + 7 + 8) * position, result.Bytes);
    }
}
