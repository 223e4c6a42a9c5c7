using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>The forward half of training against the reference's micro-batch 0: a picture, a clip and a dialogue without either.</summary>
public sealed class BatchLossTests
{
    private static readonly string[] Kinds = ["i", "v", "t"];

    [Fact]
    public void The_loss_and_the_logits_of_a_mixed_batch_equal_the_reference()
    {
        VideoLlava model = Models.Get(Golden.Path("training/model"), TestDevice.Cpu);
        using SafeTensors batches = Golden.Tensors("training/batches.safetensors"),
            expected = Golden.Tensors("training/stage2_full/step0_mb0.safetensors");
        TrainingSample[] samples = [.. Enumerable.Range(0, 3).Select(i => Sample(batches, i))];
        var stages = new Dictionary<string, float[]>();
        BatchLoss loss;
        lock (model)
            loss = BatchLoss.Of(model, samples, i => new StageTrace(model.LanguageQueue, (name, _, _, values)
                => stages[$"{i}.{name}"] = values));
        Assert.Equal(expected["loss"].ToFloats()[0], loss.Mean, 2e-5);
        Assert.Equal(expected["expanded_labels"].ToLongs().Count(label => label != -100), loss.Supervised);
        for (int i = 0; i < samples.Length; i++)
        {
            AssertRow(expected["inputs_embeds"], i, stages[$"{i}.inputs_embeds"], 1e-4);
            AssertRow(expected["hidden_states.1"], i, stages[$"{i}.llm.layer_output.0"], 1e-4);
            AssertRow(expected["hidden_states.2"], i, stages[$"{i}.llm.final_norm"], 1e-4);
            AssertRow(expected["logits"], i, stages[$"{i}.logits"], 2e-4);
        }
    }

    [Fact]
    public void A_batch_that_supervises_nothing_has_the_loss_zero()
    {
        VideoLlava model = Models.Get(Golden.Path("training/model"), TestDevice.Cpu);
        BatchLoss loss;
        lock (model) loss = BatchLoss.Of(model, [new TrainingSample([1, 5, 6], [-100, -100, -100], [])]);
        Assert.Equal((0.0, 0), (loss.Mean, loss.Supervised));
    }

    internal static TrainingSample Sample(SafeTensors batches, int i)
    {
        TrainingSample sample = Samples(batches, 0).ElementAt(i);
        Assert.Equal(Kinds[i] == "t", sample.Visuals.Count == 0);
        return sample;
    }

    /// <summary>A micro-batch of the goldens.</summary>
    internal static TrainingSample[] Batch(int batch)
    {
        using SafeTensors batches = Golden.Tensors("training/batches.safetensors");
        return [.. Samples(batches, batch)];
    }

    /// <summary>Rows without their padding. The reference gives words alone a picture of zeros, of which nothing is used.</summary>
    private static IEnumerable<TrainingSample> Samples(SafeTensors batches, int batch)
    {
        HostTensor ids = batches[$"mb{batch}.input_ids"], mask = batches[$"mb{batch}.attention_mask"];
        int length = (int)ids.Shape[1], visual = 0;
        for (int i = 0; i < ids.Shape[0]; i++)
        {
            int real = mask.Span<byte>().Slice(i * length, length).IndexOf((byte)0);
            if (real < 0) real = length;
            int[] Row(string name) => [.. batches[name].ToLongs().Skip(i * length).Take(real).Select(id => (int)id)];
            int[] row = Row($"mb{batch}.input_ids");
            int markers = row.Count(id => id == MergedPrompt.VisualMarker);
            List<PixelValues> visuals = [];
            while (visuals.Sum(pixels => pixels.Frames) < markers)
                visuals.AddRange(PixelTensors.Read(batches[$"mb{batch}.visual{visual++}"], ModelVariant.Original));
            if (markers == 0) visual++;
            yield return new TrainingSample(row, Row($"mb{batch}.labels"), visuals);
        }
    }

    internal static void AssertRow(HostTensor expected, int row, float[] got, double tolerance)
    {
        int size = (int)(expected.Shape[1] * expected.Shape[2]);
        float[] want = expected.ToFloats()[(row * size)..(row * size + got.Length)];
        for (int i = 0; i < got.Length; i++)
            Assert.True(Math.Abs(got[i] - want[i]) <= tolerance,
                $"{expected.Name}, sample {row}, element {i}: {got[i]}, expected {want[i]}");
    }
}
