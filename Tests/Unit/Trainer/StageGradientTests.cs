using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>Loss and every gradient of a micro-batch against the reference: pictures, clips, words, several turns, cut ones.</summary>
public sealed class StageGradientTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, int, TestDevice>> Batches
        => from device in TestDevices.ForModels
           from batch in new[]
           {
               ("stage1", 0), ("stage2_full", 0), ("stage2_full", 2), ("stage2_lora/b_zero", 0), ("stage2_lora/b_nonzero", 0),
           }
           select new TheoryDataRow<string, int, TestDevice>(batch.Item1, batch.Item2, device);

    [Theory, DeviceRows(nameof(Batches))]
    public void Loss_and_gradients_equal_the_reference(string stage, int batch, TestDevice device) => With(stage, device, (model,
        trainable, arena) =>
    {
        using SafeTensors expected = Golden.Tensors($"training/{stage}/step0_mb{batch}.safetensors");
        BatchLoss loss = MicroBatch.Backward(model, BatchLossTests.Batch(batch), trainable, arena);
        Assert.Equal(expected["loss"].ToFloats()[0], loss.Mean, 2e-5);
        Assert.Equal(expected["expanded_labels"].ToLongs().Count(label => label != -100), loss.Supervised);
        Dictionary<string, HostTensor> gradients = expected.Tensors.Where(pair => pair.Key.StartsWith("grad."))
            .ToDictionary(pair => StageRunTests.Canonical(pair.Key["grad.".Length..]), pair => pair.Value);
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

    public static IEnumerable<TheoryDataRow<string, StorageType, TestDevice>> Halves
        => from stage in new[] { "stage1", "stage2_full" }
           from type in new[] { StorageType.F16, StorageType.BF16 }
           from device in new[] { TestDevice.Cpu, TestDevice.OpenCl }
           select new TheoryDataRow<string, StorageType, TestDevice>(stage, type, device);

    /// <summary>Weights of 16 bits with a scaled loss, by the goldens' rows of half precision.</summary>
    [Theory, DeviceRows(nameof(Halves))]
    internal void Gradients_in_half_precision_are_near_the_reference(string stage, StorageType type, TestDevice device)
    {
        const float Scale = 1024;
        (double error, double cosine) = type == StorageType.F16 ? (0.02, 0.9999) : (0.1, 0.995);
        using VideoLlava model = StageRunTests.Load(stage == "stage2_full", type, device);
        using var trainable = new Trainable(model, stage == "stage1" ? ModelPart.Projector : ModelPart.Projector | ModelPart.Language);
        using var arena = new Arena(model.Device);
        using SafeTensors expected = Golden.Tensors($"training/{stage}/step0_mb0.safetensors");
        trainable.ClearGradients(model.LanguageQueue);
        BatchLoss loss = MicroBatch.Backward(model, BatchLossTests.Batch(0), trainable, arena, Scale);
        Assert.Equal(expected["loss"].ToFloats()[0], loss.Mean, 1e-3);
        Assert.Contains(trainable.Parameters, parameter => parameter.Rounded != null);
        foreach (Parameter parameter in trainable.Parameters)
        {
            foreach ((TensorSpec tensor, int start, int count) in parameter.Rows())
            {
                float[] got = [.. model.LanguageQueue.Read(parameter.Gradient.RowRange(start, count)).Select(value => value / Scale)];
                float[] golden = expected[expected.Tensors.Keys.Single(name => name.StartsWith("grad.")
                    && StageRunTests.Canonical(name["grad.".Length..]) == tensor.Name)].ToFloats();
                Gradients.Close(output, tensor.Name, got, golden, error);
                Assert.True(Gradients.Dot(got, golden) >= cosine * Gradients.Norm(got) * Gradients.Norm(golden), tensor.Name);
            }
        }
    }

    [Fact]
    public void Layers_computed_again_give_the_same_bits() => With("stage2_full", TestDevice.Cpu, (model, trainable, arena) =>
    {
        float[][] Gradients(bool recompute)
        {
            trainable.ClearGradients(model.LanguageQueue);
            MicroBatch.Backward(model, BatchLossTests.Batch(2), trainable, arena, recompute: recompute);
            return [.. trainable.Parameters.Select(parameter => model.LanguageQueue.Read(parameter.Gradient))];
        }
        Assert.Equal(Gradients(recompute: false), Gradients(recompute: true));
    });

    /// <summary>The golden model with what a stage trains.</summary>
    private static void With(string stage, TestDevice device, Action<VideoLlava, Trainable, Arena> test)
    {
        VideoLlava model = Models.Get(Golden.Path("training/model"), device);
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
