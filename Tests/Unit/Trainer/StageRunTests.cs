using System.Text.Json;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>Ten optimizer steps of stage 1, stage 2 and stage 2 with LoRA against the reference.</summary>
public sealed class StageRunTests(ITestOutputHelper output)
{
    private static readonly (string Run, double Tolerance)[] Goldens =
    [
        ("stage1/run_total10", 1e-3), ("stage1/run_total100", 1e-3), ("stage2_full/run_total10", 1e-2),
        ("stage2_full/run_total10_clip1", 1e-2), ("stage2_lora/b_zero/run_total10", 1e-2), ("stage2_lora/b_nonzero/run_total10", 1e-2),
    ];

    public static IEnumerable<TheoryDataRow<string, double, TestDevice>> Runs
        => from device in new[] { TestDevice.Cpu, TestDevice.OpenCl }
           from run in Goldens
           where device == TestDevice.Cpu || run.Run is "stage1/run_total10" or "stage2_lora/b_nonzero/run_total10"
           select new TheoryDataRow<string, double, TestDevice>(run.Run, run.Tolerance, device);

    [Theory, DeviceRows(nameof(Runs))]
    public void Losses_norms_rates_and_updates_equal_the_reference(string run, double tolerance, TestDevice device)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Golden.Path($"training/{run}.json")));
        JsonElement root = document.RootElement, plan = root.GetProperty("schedule");
        bool isLora = run.Contains("lora"), isFull = run.Contains("full");
        using VideoLlava model = Load(isFull, device: device);
        using var trainable = new Trainable(model, isFull ? ModelPart.Language | ModelPart.Projector : ModelPart.Projector,
            isLora ? new LoraOptions(8, 16, 0) : null);
        if (isLora) Initialise(model, trainable, Path.GetDirectoryName(run)!);
        float[][] initial = [.. trainable.Parameters.Select(parameter => model.LanguageQueue.Read(parameter.Value))];
        double? clip = root.GetProperty("max_grad_norm").ValueKind == JsonValueKind.Null ? null
            : root.GetProperty("max_grad_norm").GetDouble();
        using var optimizer = new Optimizer(trainable.Parameters, model.LanguageQueue, new AdamWOptions(MaxNorm: clip));
        using var arena = new Arena(model.Device);
        LearningRate Rate(string name) => LearningRate.Of(Schedule.Cosine, double.Parse(name), plan.GetProperty("warmup_ratio").GetDouble(),
            plan.GetProperty("total_steps").GetInt32());
        LearningRate rate = Rate(isLora ? "2e-4" : isFull ? "2e-5" : "1e-3"), ofProjector = isLora ? Rate("2e-5") : rate;

        foreach (JsonElement step in root.GetProperty("steps").EnumerateArray())
        {
            int s = step.GetProperty("step").GetInt32();
            int[] batches = [.. step.GetProperty("micro_batches").EnumerateArray().Select(batch => batch.GetInt32())];
            double[] losses = [.. step.GetProperty("micro_losses").EnumerateArray().Select(loss => loss.GetDouble())];
            trainable.ClearGradients(model.LanguageQueue);
            for (int i = 0; i < batches.Length; i++)
            {
                BatchLoss loss = MicroBatch.Backward(model, BatchLossTests.Batch(batches[i]), trainable, arena, 1f / batches.Length);
                Assert.Equal(losses[i], loss.Mean, 1e-4);
            }
            Assert.Equal(step.GetProperty("lr").GetDouble(), rate.At(s), 1e-9);
            StepResult result = optimizer.Step(model.LanguageQueue,
                part => part == ModelPart.Projector ? ofProjector.At(s) : rate.At(s));
            Assert.Equal(1, result.GradientNorm / step.GetProperty("grad_norm").GetDouble(), 1e-4);
            Assert.Equal(step.GetProperty("clip_coefficient").GetDouble(), result.ClipCoefficient, 1e-4);
        }
        using SafeTensors golden = Golden.Tensors($"training/{run}.safetensors");
        AssertUpdates(model, trainable, initial, golden, tolerance);
    }

    private void AssertUpdates(VideoLlava model, Trainable trainable, float[][] initial, SafeTensors golden, double tolerance)
    {
        Dictionary<string, HostTensor> finals = golden.Tensors.Where(pair => pair.Key.StartsWith("final."))
            .ToDictionary(pair => Canonical(pair.Key["final.".Length..]), pair => pair.Value);
        for (int i = 0; i < trainable.Parameters.Count; i++)
        {
            Parameter parameter = trainable.Parameters[i];
            float[] value = model.LanguageQueue.Read(parameter.Value);
            foreach ((TensorSpec tensor, int start, int count) in parameter.Rows())
            {
                Range own = (start * parameter.Value.Columns)..((start + count) * parameter.Value.Columns);
                Assert.True(finals.Remove(tensor.Name, out HostTensor? final), tensor.Name);
                float[] Update(float[] after) => [.. after.Zip(initial[i][own], (a, b) => a - b)];
                Gradients.Close(output, tensor.Name, Update(value[own]), Update(final.ToFloats()), tolerance);
            }
        }
        Assert.Empty(finals.Keys);
    }

    /// <summary>Of a name as peft has it in memory.</summary>
    internal static string Canonical(string name)
        => WeightNames.Canonical(name.Replace(".default.", ".").Replace("base_model.model.", ""));

    internal static VideoLlava Load(bool language, StorageType type = StorageType.F32, TestDevice device = TestDevice.Cpu)
        => VideoLlava.Load(Golden.Path("training/model"), TestDevices.Get(device), new LoadOptions(
            Trainable: language ? ModelPart.Language | ModelPart.Projector : ModelPart.Projector, TrainableType: type));

    /// <summary>The reference's first A and B.</summary>
    internal static void Initialise(VideoLlava model, Trainable trainable, string folder)
    {
        using SafeTensors initial = Golden.Tensors($"training/{folder}/lora_init.safetensors");
        foreach (Parameter parameter in trainable.Parameters.Where(parameter => parameter.Part == ModelPart.Language))
            model.LanguageQueue.Write(initial[$"base_model.model.model.{parameter.Name}"].ToFloats(), parameter.Value);
    }
}
