using System.Diagnostics;
using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>edge train as a user runs it: presets, a dry run, killed and resumed runs, refusals.</summary>
public sealed class TrainTests : IDisposable
{
    private static readonly string Shapes = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld");

    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;

    public TrainTests()
    {
        object Sample(string kind, string file, string answer) => new Dictionary<string, object>
        {
            [kind] = Path.Combine(Shapes, file),
            ["conversations"] = new object[] { new { from = "human", value = $"<{kind}>\nWhat?" }, new { from = "gpt", value = answer } },
        };
        object[] samples = [Sample("image", "pictures/picture_00.png", "One."), Sample("video", "clips/clip_00.mp4", "Two."),
            new { conversations = new object[] { new { from = "human", value = "Hello." }, new { from = "gpt", value = "Three." } } }];
        File.WriteAllText(At("data.json"), JsonSerializer.Serialize(samples));
    }

    [Theory, InlineData("stage1"), InlineData("stage2"), InlineData("stage2-lora")]
    public async Task A_preset_is_a_recipe(string preset)
    {
        EdgeResult result = await EdgeProcess.Run("train", "--show-preset", preset);
        Assert.Equal(0, result.Code);
        File.WriteAllText(At("recipe.json"), result.Output);
        EdgeResult plan = await Train("--dry-run", "--set", $"output={At("out")}", "--set", $"model={Shapes}/model", "--set",
            $"data=[\"{At("data.json")}\"]");
        Assert.Equal("", plan.Errors);
        Assert.Equal(0, plan.Code);
        Assert.Contains("steps: 1 (1 an epoch of 3 samples), the first 1 to warm up\n", plan.Output);
        Assert.Contains("ASSISTANT:[ One.</s>]\n", plan.Output);
        Assert.Contains("  LoRA, int4 base", plan.Output);
        Assert.False(Directory.Exists(At("out")));
    }

    /// <summary>Killed while it steps and saves; what it then gives is what an undisturbed run gives.</summary>
    [Fact]
    public async Task A_killed_run_goes_on_bit_for_bit()
    {
        Recipe("undisturbed", "stage2");
        Assert.Equal(0, (await Train()).Code);
        Recipe("killed", "stage2");
        var random = new Random();
        for (int kills = 0; kills < 2; kills++)
        {
            using Process process = await EdgeProcess.Start(new EdgeRun
            {
                Arguments = ["train", At("recipe.json"), .. kills == 0 ? Array.Empty<string>() : ["--resume"]],
            });
            string wanted = $"step {2 * kills + 2} of 6";
            while (await process.StandardError.ReadLineAsync() is { } line && !line.Contains(wanted)) { }
            await Task.Delay(random.Next(200));
            process.Kill();
            await process.WaitForExitAsync();
        }
        EdgeResult result = await Train("--resume");
        Assert.Equal(0, result.Code);
        Assert.Equal(At("killed") + "\n", result.Output);
        Assert.Equal(File.ReadAllBytes(At("undisturbed/model.safetensors")), File.ReadAllBytes(At("killed/model.safetensors")));
        Assert.Equal(6, File.ReadAllLines(At("killed/log.jsonl")).Length);
        (await Train()).IsRefusal(2, "it holds checkpoints of a run; go on with --resume");
    }

    [Fact]
    public async Task An_interrupted_run_leaves_a_checkpoint()
    {
        Recipe("interrupted", "stage1", steps: 5000, saveEvery: 0);
        using Process process = await EdgeProcess.Start(new EdgeRun { Arguments = ["train", At("recipe.json")] });
        while (await process.StandardError.ReadLineAsync() is { } line && !line.Contains("step 2 of")) { }
        EdgeProcess.Interrupt(process);
        await process.WaitForExitAsync();
        Assert.Equal(130, process.ExitCode);
        Assert.Single(Directory.GetFiles(At("interrupted"), "checkpoint-*.safetensors"));
        Assert.False(File.Exists(At("interrupted/model.safetensors")));
    }

    [Theory]
    [InlineData("", 2, "no recipe is given; print one with --show-preset")]
    [InlineData("--show-preset stage9", 2, "no preset is named stage9")]
    [InlineData("gone.json", 2, "gone.json: ")]
    [InlineData("recipe.json --set batch", 2, "--set: 'batch' is no FIELD=VALUE")]
    [InlineData("recipe.json --set batches=3", 2, "unknown field batches")]
    [InlineData("recipe.json --set model=MODEL --set output=MODEL", 2, "the output is the model's folder")]
    [InlineData("recipe.json --set output=/proc/out", 2, "/proc/out: cannot be written")]
    [InlineData("recipe.json --set model=/tmp", 2, "/tmp: neither model.safetensors.index.json")]
    [InlineData("recipe.json --threads none", 1, "none")]
    public async Task What_cannot_be_trained_is_one_line(string line, int code, string what)
    {
        Recipe("out", "stage1");
        string[] words = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.Replace("MODEL", $"{Shapes}/model"))];
        EdgeResult result = await EdgeProcess.Run(new EdgeRun { Arguments = ["train", .. words], Folder = folder });
        Assert.Equal("", result.Output);
        Assert.Contains(what, result.Errors.TrimEnd('\n').Split('\n')[^1]);
        Assert.Equal(code, result.Code);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string At(string name) => Path.Combine(folder, name);

    private Task<EdgeResult> Train(params string[] options) => EdgeProcess.Run(["train", At("recipe.json"), .. options]);

    private void Recipe(string output, string stage, int steps = 6, int saveEvery = 1)
        => File.WriteAllText(At("recipe.json"), JsonSerializer.Serialize(new
        {
            stage,
            model = $"{Shapes}/model",
            data = new[] { At("data.json") },
            output = At(output),
            batch = 3,
            steps,
            saveEvery,
        }));
}
