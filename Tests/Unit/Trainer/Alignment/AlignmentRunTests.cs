using System.Text.Json;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;
using EdgeVideoLlava.Trainer.Alignment;

namespace EdgeVideoLlava.Tests.Unit.Trainer.Alignment;

/// <summary>Ten optimizer steps of stage 0 against the reference.</summary>
public sealed class AlignmentRunTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, string, TestDevice>> Runs
        => from device in new[] { TestDevice.Cpu, TestDevice.OpenCl }
           from run in new[] { ("video", "run_ft"), ("video", "run_all"), ("image", "run_ft"), ("image", "run_all"), ("text", "run_all") }
           where device == TestDevice.Cpu || run.Item1 == "text" || run == ("video", "run_ft")
           select new TheoryDataRow<string, string, TestDevice>(run.Item1, run.Item2, device);

    [Theory, DeviceRows(nameof(Runs))]
    public void Losses_norms_rates_and_updates_equal_the_reference(string kind, string run, TestDevice device)
    {
        using var rig = new AlignmentRig(kind, device, run == "run_ft" ? AlignmentRig.FineTuned(kind) : _ => true);
        float[][] initial = [.. rig.Table.Learning.Select(parameter => rig.Queue.Read(parameter.Value))];
        Take(rig, kind, run);
        using SafeTensors golden = Golden.Tensors($"training/stage0_{kind}/{run}.safetensors");
        HashSet<string> finals = [.. golden.Tensors.Keys];
        foreach ((Parameter parameter, float[] before) in rig.Table.Learning.Zip(initial))
        {
            Assert.True(finals.Remove($"final.{parameter.Name}"), parameter.Name);
            if (parameter.Name.EndsWith("k_proj.bias")) continue; // moved by rounding noise alone
            float[] Update(float[] after) => [.. after.Zip(before, (a, b) => a - b)];
            Gradients.Close(output, parameter.Name, Update(rig.Queue.Read(parameter.Value)),
                Update(golden[$"final.{parameter.Name}"].ToFloats()), 1e-2);
        }
        Assert.Empty(finals);
    }

    [Fact]
    public void The_temperature_stays_within_its_bounds()
    {
        using var rig = new AlignmentRig("video", TestDevice.Cpu, AlignmentRig.FineTuned("video"));
        rig.Queue.Write([4.605f], rig.LogScale.Value);
        Take(rig, "video", "run_clamp", most: 3);
    }

    private void Take(AlignmentRig rig, string kind, string run, int most = 10)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Golden.Path($"training/stage0_{kind}/{run}.json")));
        using SafeTensors step0 = Golden.Tensors($"training/stage0_{kind}/{(kind == "text" ? "step0_gelu" : "step0")}.safetensors");
        using var optimizer = new Optimizer(rig.Table.Learning, rig.Queue, new AdamWOptions(0.9, 0.98, 1e-6, 0.2));
        var rate = new LearningRate(Schedule.Cosine, 1e-3, 2, 10) { BeginsAtZero = false };
        foreach (JsonElement step in document.RootElement.GetProperty("steps").EnumerateArray().Take(most))
        {
            double Golden(string name) => step.GetProperty(name).GetDouble();
            rig.Table.ClearGradients();
            double loss = kind == "text" ? rig.TextPass(step0) : rig.VisualPass(step0, ownText: run == "run_clamp");
            Assert.Equal(Golden("loss"), loss, 1e-3);
            Assert.Equal(Golden("lr"), rate.At((int)Golden("step")), 1e-9);
            StepResult result = optimizer.Step(rig.Queue, _ => rate.At((int)Golden("step")));
            Assert.Equal(1, result.GradientNorm / Golden("grad_norm"), 1e-2);
            if (kind != "text") Assert.Equal(Golden("logit_scale_before_clamp"), rig.Queue.Read(rig.LogScale.Value)[0], 2e-4);
            ContrastiveStep.Clamp(rig.Queue, rig.LogScale);
            Assert.Equal(Golden("logit_scale"), rig.Queue.Read(rig.LogScale.Value)[0], 2e-4);
        }
        output.WriteLine($"{kind} {run}: {most} steps");
    }
}
