using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>Loss and every gradient of a micro-batch against the reference: pictures, clips, words alone, several turns, cut ones.</summary>
public sealed class StageGradientTests(ITestOutputHelper output)
{
    public static TheoryData<string, int> Batches => new()
    {
        { "stage1", 0 }, { "stage2_full", 0 }, { "stage2_full", 2 }, { "stage2_lora/b_zero", 0 }, { "stage2_lora/b_nonzero", 0 },
    };

    [Theory, MemberData(nameof(Batches))]
    public void Loss_and_gradients_equal_the_reference(string stage, int batch) => With(stage, (model, trainable, arena) =>
    {
        using SafeTensors expected = Golden.Tensors($"training/{stage}/step0_mb{batch}.safetensors");
        BatchLoss loss = MicroBatch.Backward(model, BatchLossTests.Batch(batch), trainable, arena);
        Assert.Equal(expected["loss"].ToFloats()[0], loss.Mean, 2e-5);
        Assert.Equal(expected["expanded_labels"].ToLongs().Count(label => label != -100), loss.Supervised);
        Dictionary<string, HostTensor> gradients = expected.Tensors.Where(pair => pair.Key.StartsWith("grad."))
            .ToDictionary(pair => WeightNames.Canonical(pair.Key["grad.".Length..].Replace(".default.", ".").Replace("base_model.model.", "")),
                pair => pair.Value);
        foreach (Parameter parameter in trainable.Parameters)
        {
            foreach ((TensorSpec tensor, int start, int count) in parameter.Rows())
            {
                Assert.True(gradients.Remove(tensor.Name, out HostTensor? golden), tensor.Name);
                float[] got = model.LanguageQueue.Read(parameter.Gradient.RowRange(start, count));
                Gradients.Close(output, tensor.Name, got, golden.ToFloats(), 1e-4);
            }
        }
        Assert.Empty(gradients.Keys);
    });

    [Fact]
    public void Layers_computed_again_give_the_same_bits() => With("stage2_full", (model, trainable, arena) =>
    {
        float[][] Gradients(bool recompute)
        {
            trainable.ClearGradients(model.LanguageQueue);
            MicroBatch.Backward(model, BatchLossTests.Batch(2), trainable, arena, recompute: recompute);
            return [.. trainable.Parameters.Select(parameter => model.LanguageQueue.Read(parameter.Gradient))];
        }
        Assert.Equal(Gradients(recompute: false), Gradients(recompute: true));
    });

    /// <summary>The golden model on the processor with what a stage trains.</summary>
    private static void With(string stage, Action<VideoLlava, Trainable, Arena> test)
    {
        VideoLlava model = Models.Get(Golden.Path("training/model"), TestDevice.Cpu);
        lock (model)
        {
            using var trainable = new Trainable(model, stage == "stage1" ? ModelPart.Projector : ModelPart.Projector | ModelPart.Language,
                stage.Contains("lora") ? new LoraOptions(8, 16, 0) : null);
            if (stage.Contains("lora")) StageRunTests.Initialise(model, trainable, stage);
            using var arena = new Arena(model.Device);
            trainable.ClearGradients(model.LanguageQueue);
            test(model, trainable, arena);
        }
    }
}
