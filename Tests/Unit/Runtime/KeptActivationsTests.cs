using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Kernels.Attention;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>What blocks keep for a backward against the inside of the reference's layers, and what they do not take in inference.</summary>
public sealed class KeptActivationsTests(ITestOutputHelper output)
{
    private const double Tolerance = 2e-5; // the goldens' README: stages inside a layer

    /// <summary>The definition: a[j] = exp(q · k[j] / √d − logSum), a soft-max from its log-sum; 0 for keys that are not seen.</summary>
    private static IEnumerable<float> Weights(Func<int, float> q, Func<int, int, float> k, int d, int keys, int seen, float logSum)
        => Enumerable.Range(0, keys).Select(j => j >= seen ? 0
            : (float)Math.Exp(Enumerable.Range(0, d).Sum(c => (double)q(c) * k(j, c)) / Math.Sqrt(d) - logSum));

    [Fact]
    public void A_language_layer_keeps_gate_and_up_and_the_log_sums_of_the_references_probabilities()
    {
        using SafeTensors golden = Golden.Tensors("original-tiny/cases/inner_llama_layer.safetensors");
        using var parts = new LoadedParts(Golden.Path("original-tiny/checkpoint"), TestDevice.Cpu);
        LlamaConfig config = parts.Config.Language;
        LlamaWeights weights = parts.Loader.Language(parts.Tensors.Language);
        float[] input = golden["input"].ToFloats();
        int rows = input.Length / config.Hidden, d = config.HeadSize, columns = config.QueryColumns;
        using var state = new LlamaState(parts.Device, config, parts.Device.ActivationType);
        using var batch = new LlamaBatch(parts.Device);
        batch.Add(state, rows);
        batch.Begin(parts.Queue);
        Matrix x = parts.Matrix(input, rows, config.Hidden), y = parts.Matrix(new float[input.Length], rows, config.Hidden);
        LlamaBlock.Forward(parts.Queue, config, weights, 1, batch, x, LlamaActivations.Take(parts.Arena, config, rows), y);
        float[] alone = parts.Queue.Read(y);
        LlamaActivations kept = LlamaActivations.TakeForBackward(parts.Arena, config, rows);
        LlamaBlock.Forward(parts.Queue, config, weights, 1, batch, x, kept, y);
        Assert.Equal(alone, parts.Queue.Read(y));

        var stages = new RecordedStages(parts.Queue, output);
        void Equal(string expected, Matrix got) => stages.Equal(expected, golden[expected].ToFloats(), parts.Queue.Read(got), Tolerance);
        Matrix gateUp = kept.GateUp!.Value;
        Equal("gate_proj", gateUp.ColumnRange(0, config.FeedForward));
        Equal("up_proj", gateUp.ColumnRange(config.FeedForward, config.FeedForward));
        Equal("after_input_norm", kept.Norm);
        Equal("after_post_attention_norm", kept.FeedForwardNorm);
        float[] q = parts.Queue.Read(kept.Queries), k = parts.Queue.Read(state.Cache(1).Keys.Numbers.RowRange(0, rows));
        float[] logSums = parts.Queue.Read(kept.LogSums!.Value);
        stages.Equal("attention_probs", golden["attention_probs"].ToFloats(),
            [.. from h in Enumerable.Range(0, config.Heads)
                from row in Enumerable.Range(0, rows)
                let at = h * d
                let logSum = logSums[row * config.Heads + h]
                from weight in Weights(c => q[row * columns + at + c], (j, c) => k[j * columns + at + c], d, rows, row + 1, logSum)
                select weight], Tolerance);
    }

    [Theory, InlineData("inner_vision_layer", "image_tower"), InlineData("inner_temporal_layer", "video_tower")]
    public void A_towers_layer_keeps_what_its_activation_gets_and_the_log_sums_of_the_references_probabilities(string name, string tower)
    {
        using SafeTensors golden = Golden.Tensors($"original-tiny/cases/{name}.safetensors");
        using var parts = new LoadedParts(Golden.Path("original-tiny/checkpoint"), TestDevice.Cpu);
        VisionConfig config = tower == "image_tower" ? parts.Config.ImageTower : parts.Config.VideoTower;
        VisionBlockWeights weights = parts.Loader.Tower(new TowerTensors(tower == "image_tower" ? ModelPart.ImageTower
            : ModelPart.VideoTower, config), allLayers: true).Blocks[1];
        float[] input = golden["input"].ToFloats();
        int rows = input.Length / config.Hidden;
        Matrix x = parts.Matrix(input, rows, config.Hidden), y = parts.Matrix(new float[input.Length], rows, config.Hidden);
        VisionBlock.Forward(parts.Queue, config, weights, x, VisionActivations.Take(parts.Arena, config, rows), y);
        float[] alone = parts.Queue.Read(y);
        VisionActivations kept = VisionActivations.TakeForBackward(parts.Arena, config, rows);
        VisionBlock.Forward(parts.Queue, config, weights, x, kept, y);
        Assert.Equal(alone, parts.Queue.Read(y));

        var stages = new RecordedStages(parts.Queue, output);
        void Equal(string expected, float[] got) => stages.Equal(expected, golden[expected].ToFloats(), got, Tolerance);
        Equal("mlp.fc1", parts.Queue.Read(kept.PreActivation!.Value));
        Equal("spatial.attention_probs", Weights(parts.Queue, config, kept.Spatial, overTime: false));
        Assert.Equal(tower == "video_tower", kept.Temporal != null);
        if (kept.Temporal is { } temporal) Equal("temporal.attention_probs", Weights(parts.Queue, config, temporal, overTime: true));
    }

    /// <summary>(sequence, head, query, key)</summary>
    private static float[] Weights(ComputeQueue queue, VisionConfig config, VisionAttentionActivations a, bool overTime)
    {
        float[] qkv = queue.Read(a.Qkv), logSums = queue.Read(a.LogSums!.Value);
        int columns = config.Hidden, d = columns / config.Heads;
        IEnumerable<int[]> sequences = Enumerable.Range(0, qkv.Length / (3 * columns))
            .Select(row => LogSumTests.Sequence(row, config.TemporalFrames, config.Positions, overTime))
            .DistinctBy(sequence => sequence[0]);
        return [.. from rows in sequences
                   from h in Enumerable.Range(0, config.Heads)
                   from row in rows
                   let logSum = logSums[row * config.Heads + h]
                   from weight in Weights(c => qkv[row * 3 * columns + h * d + c],
                       (j, c) => qkv[rows[j] * 3 * columns + columns + h * d + c], d, rows.Length, rows.Length, logSum)
                   select weight];
    }

    /// <summary>Bytes of scratch of a layer: what stood in the arena before blocks were handed their memory, and not more.</summary>
    [Fact]
    public void Inference_takes_one_layers_memory_whose_parts_share_it()
    {
        using var parts = new LoadedParts(Golden.Path("original-tiny/checkpoint"), TestDevice.Cpu);
        const int rows = 34;
        (int hidden, int wide) = (parts.Config.VideoTower.Hidden, parts.Config.VideoTower.FeedForward);
        Assert.True(wide < 3 * hidden);
        Assert.Equal(4L * rows * (5 * hidden + 3 * hidden), Taken(arena => VisionActivations.Take(arena, parts.Config.VideoTower, rows)));
        Assert.Equal(4L * rows * (3 * hidden + 3 * hidden), Taken(arena => VisionActivations.Take(arena, parts.Config.ImageTower, rows)));
        LlamaConfig config = parts.Config.Language;
        Assert.Equal(4L * rows * (2 * config.Hidden + 3 * config.QueryColumns + 2 * config.KeyColumns + config.FeedForward),
            Taken(arena => LlamaActivations.Take(arena, config, rows)));
    }

    private static long Taken(Action<Arena> take)
    {
        using var device = new CpuDevice(1);
        using var arena = new Arena(device);
        take(arena);
        return device.AllocatedBytes;
    }
}
