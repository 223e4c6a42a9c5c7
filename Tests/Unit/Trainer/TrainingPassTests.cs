using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Kernels.Attention;
using EdgeVideoLlava.Tests.Unit.Kernels.Norm;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>A pass that keeps everything, on the reference's micro-batch 0: a picture, a clip and a dialogue without either.</summary>
public sealed class TrainingPassTests(ITestOutputHelper output)
{
    /// <summary>The definition of what norms keep, of all rows: mean where centred, and scale.</summary>
    private static Expected[] Scales(float[] x, int columns, bool centred, float epsilon) => [.. x.Chunk(columns).SelectMany(row =>
    {
        (Expected mean, Expected scale) = NormScaleTests.Oracle(row, centred, epsilon);
        return centred ? [mean, scale] : new[] { scale };
    })];

    /// <summary>The definition of what attentions keep: row and head, over the keys that the row sees.</summary>
    private static Expected[] LogSums(
        float[] q, float[] k, int heads, int d, Func<int, int[]> seen, int strideQ, int strideK, int keyColumn)
        => [.. from row in Enumerable.Range(0, q.Length / strideQ)
               let keys = seen(row)
               from h in Enumerable.Range(0, heads)
               let at = h * d
               select LogSumTests.Oracle(
                   c => q[row * strideQ + at + c], (j, c) => k[keys[j] * strideK + keyColumn + at + c], keys.Length, d)];

    public static IEnumerable<TheoryDataRow<int, TestDevice>> Samples
        => from device in new[] { TestDevice.Cpu, TestDevice.OpenCl, TestDevice.OpenClPortable, TestDevice.Cuda }
           from sample in new[] { 0, 1, 2 }
           select new TheoryDataRow<int, TestDevice>(sample, device);

    /// <summary>Those with a picture or a clip.</summary>
    public static IEnumerable<TheoryDataRow<int, TestDevice>> Seeing => Samples.Where(row => row.Data.Item1 < 2);

    [Theory, DeviceRows(nameof(Samples))]
    public void Kept_states_equal_the_reference(int sample, TestDevice device) => With(sample, device, (model, pass) =>
    {
        using SafeTensors expected = Golden.Tensors("training/stage2_full/step0_mb0.safetensors");
        float[] Read(Matrix matrix) => model.LanguageQueue.Read(matrix);
        BatchLossTests.AssertRow(expected["hidden_states.0"], sample, Read(pass.Tape.Hidden[0]), 1e-4);
        BatchLossTests.AssertRow(expected["hidden_states.1"], sample, Read(pass.Tape.Hidden[1]), 1e-4);
        BatchLossTests.AssertRow(expected["hidden_states.2"], sample, Read(pass.Tape.Norm), 1e-4);
        BatchLossTests.AssertRow(expected["logits"], sample, Read(Logits(model, pass)), 2e-4);
    });

    [Theory, DeviceRows(nameof(Samples))]
    public void Scales_and_log_sums_of_the_language_model_equal_the_definition(int sample, TestDevice device) => With(sample, device, (model, pass) =>
    {
        LlamaConfig config = model.Config.Language;
        float[] Read(Matrix matrix) => model.LanguageQueue.Read(matrix);
        void Scale(string what, Matrix kept, Matrix x)
            => Expected.Check(output, what, Read(kept), Scales(Read(x), config.Hidden, centred: false, config.RmsEpsilon));
        for (int layer = 0; layer < config.Layers; layer++)
        {
            LlamaActivations a = pass.Tape.Layers[layer];
            Scale($"norm of layer {layer}", a.NormScale!.Value, pass.Tape.Hidden[layer]);
            Scale($"feed-forward norm of layer {layer}", a.FeedForwardNormScale!.Value, a.Attended);
            float[] keys = Read(pass.State.Cache(layer).Keys.Numbers.RowRange(0, pass.Prompt.Length));
            Assert.Equal(config.Heads, config.KeyValueHeads);
            Expected.Check(output, $"log-sums of layer {layer}", Read(a.LogSums!.Value), LogSums(Read(a.Queries), keys, config.Heads,
                config.HeadSize, row => [.. Enumerable.Range(0, row + 1)], config.QueryColumns, config.KeyColumns, 0));
        }
        Scale("final norm", pass.Tape.NormScale, pass.Tape.Hidden[^1]);
    });

    [Theory, DeviceRows(nameof(Seeing))]
    public void Scales_and_log_sums_of_a_tower_equal_the_definition(int sample, TestDevice device) => With(sample, device, (model, pass) =>
    {
        TrainingPass.Visual visual = Assert.Single(pass.Visuals);
        VisionConfig config = model.Tower(visual.Features.IsClip).Config;
        VisionTape tape = visual.Tower!;
        float[] Read(Matrix matrix) => model.VisionQueue.Read(matrix);
        void Scale(string what, Matrix kept, Matrix x)
            => Expected.Check(output, what, Read(kept), Scales(Read(x), config.Hidden, centred: true, config.LayerNormEpsilon));
        void Attention(string what, VisionAttentionActivations a, Matrix x, bool overTime)
        {
            Scale($"{what} norm", a.NormStatistics!.Value, x);
            float[] qkv = Read(a.Qkv);
            int columns = config.Hidden;
            Expected.Check(output, $"{what} log-sums", Read(a.LogSums!.Value), LogSums(qkv, qkv, config.Heads, columns / config.Heads,
                row => LogSumTests.Sequence(row, config.TemporalFrames, config.Positions, overTime), 3 * columns, 3 * columns, columns));
        }
        Scale("first norm", tape.PreNormStatistics, tape.Embedded);
        for (int layer = 0; layer < tape.Layers.Count; layer++)
        {
            VisionActivations a = tape.Layers[layer];
            Assert.Equal(visual.Features.IsClip, a.Temporal != null);
            if (a.Temporal is { } temporal) Attention("temporal", temporal, a.TemporalInput!.Value, overTime: true);
            Attention("spatial", a.Spatial, a.Temporal?.Output ?? tape.Hidden[layer], overTime: false);
            Scale("feed-forward norm", a.NormStatistics!.Value, a.Spatial.Output);
        }
    });

    [Theory, DeviceRows(nameof(Samples))]
    public void Results_are_those_of_a_pass_that_keeps_nothing(int sample, TestDevice device) => With(sample, device, (model, pass) =>
    {
        List<VisionTokens> tokens = [.. pass.Visuals.Select((_, i) => model.Encode(Sample(sample).Visuals[i]))];
        for (int i = 0; i < tokens.Count; i++)
            Assert.Equal(model.VisionQueue.Read(tokens[i].Rows), model.VisionQueue.Read(pass.Visuals[i].Tokens.Rows));
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(pass.Prompt.Length, model.Config.Language.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        model.Prefill(Sample(sample).Merge(model, tokens), state, logits);
        Assert.Equal(model.LanguageQueue.Read(logits), model.LanguageQueue.Read(Logits(model, pass)));
        foreach (VisionTokens visual in tokens) visual.Dispose();
    });

    [Theory, DeviceRows(nameof(Samples))]
    public void Layers_computed_again_equal_those_that_were_kept(int sample, TestDevice device) => With(sample, device, (model, kept) =>
    {
        using var arena = new Arena(model.Device);
        using var again = new TrainingPass(model, Sample(sample), arena, towers: true, recompute: true);
        for (int layer = kept.Tape.Layers.Count - 1; layer >= 0; layer--)
        {
            again.Recompute(layer);
            Equal(model.LanguageQueue, Parts(kept.Tape.Layers[layer]), Parts(again.Tape.Layers[layer]));
        }
        for (int i = 0; i < kept.Visuals.Count; i++)
        {
            (VisionTape tape, VisionTape recomputed) = (kept.Visuals[i].Tower!, again.Visuals[i].Tower!);
            for (int layer = tape.Layers.Count - 1; layer >= 0; layer--)
            {
                model.Tower(kept.Visuals[i].Features.IsClip).Layer(model.VisionQueue, recomputed, layer);
                Equal(model.VisionQueue, Parts(tape.Layers[layer]), Parts(recomputed.Layers[layer]));
            }
        }
    });

    private static Matrix Logits(VideoLlava model, TrainingPass pass)
    {
        Matrix logits = model.Device.AllocateMatrix(pass.Prompt.Length, model.Config.Language.Vocabulary);
        model.Language.Logits(model.LanguageQueue, pass.Tape, logits);
        return logits;
    }

    private static void Equal(ComputeQueue queue, Matrix?[] expected, Matrix?[] got)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i] == null, got[i] == null);
            if (expected[i] is { } matrix) Assert.Equal(queue.Read(matrix), queue.Read(got[i]!.Value));
        }
    }

    private static Matrix?[] Parts(LlamaActivations a)
        => [a.Norm, a.Qkv, a.Queries, a.Context, a.Attended, a.FeedForwardNorm, a.Hidden,
            a.NormScale, a.LogSums, a.FeedForwardNormScale, a.GateUp];

    private static Matrix?[] Parts(VisionActivations a)
        => [a.TemporalInput, .. Parts(a.Temporal), .. Parts(a.Spatial), a.Norm, a.Activated, a.NormStatistics, a.PreActivation];

    private static Matrix?[] Parts(VisionAttentionActivations? a)
        => [a?.Norm, a?.Qkv, a?.Context, a?.Output, a?.NormStatistics, a?.LogSums];

    internal static TrainingSample Sample(int i)
    {
        using SafeTensors batches = Golden.Tensors("training/batches.safetensors");
        return BatchLossTests.Sample(batches, i);
    }

    /// <summary>A sample's pass with everything kept; afterwards nothing of it is left.</summary>
    internal static void With(int sample, TestDevice device, Action<VideoLlava, TrainingPass> test)
    {
        VideoLlava model = Models.Get(Golden.Path("training/model"), device);
        lock (model)
        {
            using var arena = new Arena(model.Device);
            using var pass = new TrainingPass(model, Sample(sample), arena, towers: true);
            test(model, pass);
        }
    }
}
