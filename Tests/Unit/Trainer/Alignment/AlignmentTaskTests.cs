using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer.Alignment;

/// <summary>Whole runs of stage 0 on the tiny LanguageBind towers and the pictures and clips of the other stages' tests.</summary>
public sealed class AlignmentTaskTests(ITestOutputHelper output) : IDisposable
{
    private readonly TrainingFiles files = new();

    private Recipe Recipe(string name, bool clips, int steps) => new()
    {
        Stage = Stage.Alignment,
        Model = Model(clips ? "video" : "image"),
        Data = [Data(clips)],
        Output = files.Of(name),
        Batch = 4,
        Steps = steps,
        SaveEvery = 0,
        LearningRate = 2e-3,
        WeightDecay = 0.2,
        Alignment = new AlignmentRecipe { PatchDropout = 0.25, WarmupSteps = 2 },
    };

    [Fact]
    public void A_tower_learns_its_captions_and_changes_only_what_it_trains()
    {
        List<double> losses = [];
        Recipe recipe = Recipe("clips", clips: true, 24) with { LearningRate = 5e-3, Schedule = Schedule.Constant };
        recipe = recipe with { Alignment = recipe.Alignment! with { PatchDropout = 0 } };
        Run(recipe, report => losses.Add(report.Loss));
        output.WriteLine(string.Join(' ', losses));
        Assert.True(losses[^1] < 0.6 * losses[0]);
        using Checkpoint before = Open(recipe.Model), after = Open(recipe.Output);
        Assert.Equal(before.Tensors.Keys.Order(), after.Tensors.Keys.Order());
        foreach ((string name, HostTensor tensor) in after.Tensors)
        {
            bool learns = name.Contains("temporal") || name.Contains("class_embedding") || name.Contains("post_layernorm")
                || name is "visual_projection.weight" or "logit_scale";
            Assert.Equal(before.Tensors[name].Type, tensor.Type);
            Assert.Equal(!learns, before.Tensors[name].BytesEqual(tensor));
        }
    }

    [Fact]
    public void A_resumed_run_gives_the_same_bits_and_parts_the_same_loss()
    {
        Recipe recipe = Recipe("whole", clips: false, 4) with { Batch = 2, Accumulation = 2, SaveEvery = 1, Keep = 4 };
        Run(recipe);
        Recipe interrupted = recipe with { Output = files.Of("interrupted") };
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Run(interrupted, report =>
        {
            if (report.Step == 2) stop.Cancel();
        }, stop.Token));
        using (TrainingRun run = TrainingRun.Open(interrupted))
        {
            run.Resume();
            Assert.Equal(2, run.StepsDone);
            run.Run();
        }
        Assert.Equal(File.ReadAllBytes(files.Of("whole/model.safetensors")), File.ReadAllBytes(files.Of("interrupted/model.safetensors")));
    }

    [Fact]
    public void A_run_begins_from_nothing_with_words()
    {
        string model = files.Of("nothing");
        Directory.CreateDirectory(model);
        File.WriteAllText(Path.Combine(model, "config.json"), Config(clips: false).Replace("128, \"max", "16, \"max"));
        File.WriteAllText(Path.Combine(model, "vocab.json"),
            """{"r":0,"e":1,"d</w>":2,"b":3,"l":4,"u":5,"e</w>":6,"bl":7,"re":8,"red</w>":9,"n</w>":10,"<|startoftext|>":14,"<|endoftext|>":15}""");
        File.WriteAllText(Path.Combine(model, "merges.txt"), "#version: 0.2\nb l\nr e\nre d</w>\n");
        Recipe recipe = Recipe("learned", clips: false, 3) with { Model = model };
        string data = files.Write("words.json", """
            [{"image": "red.bmp", "caption": "Red"}, {"image": "blue.bmp", "caption": "  blue RED"}]
            """);
        recipe = recipe with { Data = [data], Alignment = recipe.Alignment! with { FromNothing = true, Train = ["*"] } };
        List<double> losses = [];
        using (TrainingRun run = TrainingRun.Open(recipe))
        {
            TrainingPlan plan = TrainingPlan.Of(run);
            Assert.Equal(["temperature", "vision tower", "text tower"], plan.Groups.Select(group => group.Name));
            Assert.Equal("red.bmp: Red", string.Concat(plan.Samples[0].Select(piece => piece.Text)));
            run.Run();
        }
        Assert.True(File.Exists(files.Of("learned/vocab.json")));
        var refusal = Assert.Throws<BadInputException>(() => TrainingRun.Open(recipe with { Alignment = new AlignmentRecipe() }));
        Assert.Contains("no weights; with alignment.fromNothing a run begins without", refusal.Message);
    }

    public static TheoryData<string, string> BadSamples => new()
    {
        { """[{"image": "red.bmp"}]""", "sample 0: a caption or ids are wanted, one of them" },
        { """[{"caption": "a"}]""", "sample 0: an image or a video is wanted, one of them" },
        { """[{"image": "absent.bmp", "ids": [1]}]""", "absent.bmp is not there" },
        { """[{"image": "red.bmp", "ids": [1, 128]}]""", "an id is not within 0 to 127" },
        { """[{"image": "red.bmp", "ids": []}]""", "ids are no list of whole numbers" },
        { """[{"image": "red.bmp", "caption": "words"}]""", "has no vocab.json with merges.txt; give ids" },
        { """[{"video": "brighter.y4m", "ids": [1]}]""", "a clip, and the tower takes pictures" },
        { """{"image": 1}""", "no array of samples" },
    };

    [Theory, MemberData(nameof(BadSamples))]
    public void A_broken_sample_is_told_with_its_place(string json, string message)
    {
        Recipe recipe = Recipe("bad", clips: false, 1) with { Data = [files.Write("bad.json", json)] };
        Assert.Contains(message, Assert.Throws<BadInputException>(() => TrainingRun.Open(recipe)).Message);
    }

    public void Dispose() => files.Dispose();

    /// <summary>The goldens' towers as one model of transformers' layout.</summary>
    private string Model(string kind)
    {
        string folder = files.Of($"model-{kind}");
        if (Directory.Exists(folder)) return folder;
        Directory.CreateDirectory(folder);
        using var rig = new AlignmentRig($"{kind}, text", TestDevice.Cpu, _ => false);
        SafeTensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. rig.Table.Tensors.Select(tensor => new SafeTensorsWriter.Entry(
            tensor.Spec.Name, StorageType.F32, tensor.Spec.Shape,
            stream => stream.Write(MemoryMarshal.AsBytes<float>(rig.Queue.Read(tensor.Value)))))], []);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config(kind == "video"));
        return folder;
    }

    private static string Config(bool clips) => $$"""
        {"projection_dim": 48,
         "text_config": {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 1, "num_hidden_layers": 2,
           "hidden_act": "gelu", "vocab_size": 128, "max_position_embeddings": 16},
         "vision_config": {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 1, "num_hidden_layers": 3,
           "hidden_act": "gelu", "image_size": 28, "patch_size": 14, "num_frames": 8, "add_time_attn": {{(clips ? "true" : "false")}} } }
        """;

    /// <summary>Captions as ids: another word for each file, between marks.</summary>
    private string Data(bool clips)
    {
        object[] samples = [.. files.Asked.Select((asked, i) => (asked.File, i)).Where(asked => asked.File.EndsWith(".y4m") == clips)
            .Select(asked => clips ? (object)new { video = asked.File, ids = new[] { 0, 3 + asked.i, 5, 127 } }
                : new { image = asked.File, ids = new[] { 0, 3 + asked.i, 127 } })];
        return files.Write($"captions-{clips}.json", JsonSerializer.Serialize(samples));
    }

    private static Checkpoint Open(string folder)
    {
        var checkpoint = new Checkpoint(folder, [], Stream.Null);
        Assert.True(CheckpointFiles.AddShards(checkpoint, folder, name => name));
        return checkpoint;
    }

    private static void Run(Recipe recipe, Action<StepReport>? report = null, CancellationToken cancel = default)
    {
        using TrainingRun run = TrainingRun.Open(recipe);
        run.Run(report == null ? null : new Told(report), cancel);
    }

    private sealed class Told(Action<StepReport> report) : IProgress<StepReport>
    {
        public void Report(StepReport value) => report(value);
    }
}
