using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>Half precision, and adapters over a frozen base of blocks.</summary>
public sealed class LoraBaseTests(ITestOutputHelper output)
{
    [Theory, InlineData(StorageType.Q8_0), InlineData(StorageType.Q4_0), InlineData(StorageType.F16)]
    public void An_adapters_gradient_is_that_of_the_loss_over_a_base_of_any_type(StorageType type)
    {
        using var device = new CpuDevice(2); // which multiplies blocks in float32, as training does
        using VideoLlava model = VideoLlava.Load(Golden.Path("training/model"), device,
            new LoadOptions(LanguageWeights: type, Trainable: ModelPart.Projector));
        using var trainable = new Trainable(model, ModelPart.Projector, new LoraOptions(8, 16, 0.1), seed: 3);
        StageRunTests.Initialise(model, trainable, "stage2_lora/b_nonzero");
        using var arena = new Arena(model.Device);
        TrainingSample[] batch = BatchLossTests.Batch(0);
        double Loss()
        {
            trainable.ClearGradients(model.LanguageQueue);
            return MicroBatch.Backward(model, batch, trainable, arena).Mean;
        }
        foreach (bool training in new[] { false, true }) // with dropout the loss is that of its masks
        {
            trainable.Lora!.IsTraining = training;
            foreach (Parameter parameter in trainable.Parameters.Where(parameter => parameter.Name is
                "layers.0.self_attn.k_proj.lora_A.weight" or "layers.0.mlp.down_proj.lora_B.weight"
                or "layers.1.mlp.up_proj.lora_A.weight"))
            {
                Loss();
                float[] value = model.LanguageQueue.Read(parameter.Value), gradient = model.LanguageQueue.Read(parameter.Gradient);
                Gradients.AlongDirections(output, parameter.Name, value, gradient, moved =>
                {
                    model.LanguageQueue.Write(moved, parameter.Value);
                    return Loss();
                }, training ? 0.005 : 0.02);
                model.LanguageQueue.Write(value, parameter.Value);
            }
        }
    }

    [Fact]
    public void Weights_of_binary16_give_the_gradients_of_the_reference_and_follow_their_masters()
    {
        using VideoLlava model = StageRunTests.Load(language: true, StorageType.F16);
        using var trainable = new Trainable(model, ModelPart.Language | ModelPart.Projector);
        using var optimizer = new Optimizer(trainable.Parameters, model.LanguageQueue, new AdamWOptions());
        using var arena = new Arena(model.Device);
        using SafeTensors golden = Golden.Tensors("training/stage2_full/step0_mb0.safetensors");
        const float Scale = 1024;
        trainable.ClearGradients(model.LanguageQueue);
        MicroBatch.Backward(model, BatchLossTests.Batch(0), trainable, arena, Scale);
        Parameter down = trainable.Parameters.Single(parameter => parameter.Name == "layers.1.mlp.down_proj.weight");
        float[] gradient = [.. model.LanguageQueue.Read(down.Gradient).Select(value => value / Scale)];
        Gradients.Close(output, down.Name, gradient, golden["grad.model.layers.1.mlp.down_proj.weight"].ToFloats(), 0.02);
        float[] before = model.LanguageQueue.Read(down.Value);
        StepResult step = optimizer.Step(model.LanguageQueue, _ => 1e-3, Scale);
        double norm = Math.Sqrt(golden.Tensors.Where(pair => pair.Key.StartsWith("grad."))
            .Sum(pair => Math.Pow(Gradients.Norm(pair.Value.ToFloats()), 2)));
        Assert.Equal(1, step.GradientNorm / norm, 1e-3);
        float[] after = model.LanguageQueue.Read(down.Value);
        Assert.NotEqual(before, after);
        Assert.Equal(after.Select(value => (float)(Half)value), Numbers(model, down.Rounded!));
    }

    private static float[] Numbers(VideoLlava model, Weight weight)
    {
        using var arena = new Arena(model.Device);
        Matrix numbers = arena.Take(weight.Rows, weight.Columns);
        DequantizeRows.Run(model.LanguageQueue, weight, 0, numbers);
        return model.LanguageQueue.Read(numbers);
    }

    [Fact]
    public void A_gradient_that_is_not_finite_changes_nothing()
    {
        using VideoLlava model = StageRunTests.Load(language: false);
        using var trainable = new Trainable(model, ModelPart.Projector);
        using var optimizer = new Optimizer(trainable.Parameters, model.LanguageQueue, new AdamWOptions());
        trainable.ClearGradients(model.LanguageQueue);
        Parameter parameter = trainable.Parameters[1];
        float[] gradient = model.LanguageQueue.Read(parameter.Gradient), before = model.LanguageQueue.Read(parameter.Value);
        gradient[5] = float.PositiveInfinity;
        model.LanguageQueue.Write(gradient, parameter.Gradient);
        Assert.False(double.IsFinite(optimizer.Step(model.LanguageQueue, _ => 1).GradientNorm));
        Assert.Equal(0, optimizer.Steps);
        Assert.Equal(before, model.LanguageQueue.Read(parameter.Value));
    }
}
