using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>Whole runs of the tiny model on pictures and clips: it learns, changes only what it should, goes on bit for bit.</summary>
public sealed class TrainingRunTests(ITestOutputHelper output) : IDisposable
{
    private readonly TrainingFiles files = new();

    private Recipe Recipe(string name, Stage stage, int steps) => new()
    {
        Stage = stage,
        Model = files.Model,
        Data = [files.Data],
        Output = files.Of(name),
        Template = "llava_v1",
        Batch = 4,
        Accumulation = 2,
        Steps = steps,
        SaveEvery = 0,
        LearningRate = stage == Stage.Stage2Lora ? 4e-3 : 1e-3,
        Lora = stage == Stage.Stage2Lora ? new LoraRecipe { Rank = 8, Alpha = 16, Dropout = 0.05 } : null,
    };

    [Fact]
    public void Stage_2_learns_eight_answers()
    {
        float first = 0, last = 0;
        Run(Recipe("full", Stage.Stage2, 24),
            report => (first, last) = (report.Step == 1 ? (float)report.Loss : first, (float)report.Loss));
        output.WriteLine($"loss {first} to {last}");
        Assert.True(last < 0.1 * first);
        AssertAnswers(files.Of("full"));
    }

    /// <summary>Over a base of eight-bit blocks; the adapter is then merged into the model as it is stored.</summary>
    [Fact, Trait("Category", "long")]
    public void An_adapter_learns_them_beside_the_frozen_model()
    {
        Run(Recipe("adapter", Stage.Stage2Lora, 30) with
        {
            BaseWeights = "q8_0",
            LossMean = LossMean.Tokens,
            GroupByModalityLength = true,
        });
        AssertAnswers(files.Of("adapter"));
        using SafeTensors golden = Golden.Tensors("training/stage2_lora/saved_safetensors/adapter_model.safetensors"),
            others = Golden.Tensors("training/stage2_lora/saved_safetensors/non_lora_trainables.safetensors");
        using var adapter = new SafeTensors(Path.Combine(files.Of("adapter"), "adapter_model.safetensors"));
        using var projector = new SafeTensors(Path.Combine(files.Of("adapter"), "non_lora_trainables.safetensors"));
        string[] Names(SafeTensors file) => [.. file.Tensors.Keys.Where(name => !name.Contains("layers.2.")).Order()];
        Assert.Equal(Names(golden), Names(adapter)); // the goldens' model has two layers, this one three
        Assert.Equal(Names(others), Names(projector));
        foreach (HostTensor tensor in adapter.Tensors.Values) Assert.Equal(8, tensor.Shape[tensor.Name.Contains("lora_A") ? 0 : 1]);
    }

    [Theory, InlineData(Stage.Stage1), InlineData(Stage.Stage2)]
    public void A_stage_changes_only_what_it_trains(Stage stage)
    {
        Run(Recipe("whole", stage, 2) with { Warmup = 0 });
        using var before = new Checkpoint(files.Model);
        using var after = new Checkpoint(files.Of("whole"));
        Assert.Equal(before.Tensors.Keys.Order(), after.Tensors.Keys.Order());
        foreach ((string name, HostTensor tensor) in before.Tensors)
        {
            bool trained = ModelTensors.PartOf(name) == ModelPart.Projector
                || stage == Stage.Stage2 && ModelTensors.PartOf(name) == ModelPart.Language;
            Assert.True(tensor.Shape.SequenceEqual(after.Tensors[name].Shape) && tensor.Type == after.Tensors[name].Type, name);
            if (!trained) Assert.True(tensor.BytesEqual(after.Tensors[name]), name);
            else if (name.EndsWith("proj.weight")) Assert.False(tensor.BytesEqual(after.Tensors[name]), name);
        }
    }

    [Theory, InlineData(Stage.Stage2Lora, Precision.Fp32), InlineData(Stage.Stage2, Precision.Fp16)]
    public void A_resumed_run_gives_the_same_bits(Stage stage, Precision precision)
    {
        Recipe recipe = Recipe("whole", stage, 5) with { Precision = precision, Batch = 2, Accumulation = 1, SaveEvery = 1, Keep = 2 };
        Run(recipe);
        Recipe interrupted = recipe with { Output = files.Of("interrupted") };
        using (var stop = new CancellationTokenSource())
        {
            Assert.Throws<OperationCanceledException>(() => Run(interrupted, report =>
            {
                if (report.Step == 3) stop.Cancel();
            }, stop.Token));
        }
        string[] left = [.. Directory.GetFiles(interrupted.Output, "checkpoint-*").Select(path => Path.GetFileName(path)!).Order()];
        Assert.Equal(["checkpoint-000002.safetensors", "checkpoint-000003.safetensors"], left);
        using (TrainingRun run = TrainingRun.Open(interrupted))
        {
            run.Resume();
            Assert.Equal(3, run.StepsDone);
            run.Run();
        }
        AssertSameTensors(recipe.Output, interrupted.Output, "checkpoint-000005.safetensors");
        string result = stage == Stage.Stage2 ? "model.safetensors" : "adapter_model.safetensors";
        Assert.Equal(File.ReadAllBytes(Path.Combine(recipe.Output, result)), File.ReadAllBytes(Path.Combine(interrupted.Output, result)));
        Assert.Equal(5, File.ReadAllLines(Path.Combine(interrupted.Output, "log.jsonl")).Length);

        var refusal = Assert.Throws<BadInputException>(() => Resume(interrupted with { LearningRate = 1, Steps = 7 }));
        Assert.Contains("the recipe has changed since: steps, learningRate;", refusal.Message);
        refusal = Assert.Throws<BadInputException>(() => Resume(interrupted with { Stage = Stage.Stage1, Lora = null }, force: true));
        Assert.Contains("the checkpoint is of another", refusal.Message);
    }

    [Fact]
    public void What_is_left_of_a_broken_checkpoint_is_no_checkpoint()
    {
        Recipe recipe = Recipe("whole", Stage.Stage1, 2);
        Run(recipe);
        string path = Path.Combine(recipe.Output, "checkpoint-000002.safetensors");
        File.WriteAllBytes(path + ".abcd.part", File.ReadAllBytes(path)[..1000]); // of a run that was killed while it wrote
        using TrainingRun run = TrainingRun.Open(recipe);
        run.Resume();
        Assert.Equal(2, run.StepsDone);
    }

    [Fact]
    public void Samples_that_cannot_be_used_are_named_and_more_than_a_few_stop_the_run()
    {
        File.WriteAllBytes(files.Asked[0].File, [1, 2, 3]);
        List<string> warnings = [];
        Run(Recipe("one", Stage.Stage1, 2), warn: warnings.Add);
        Assert.Contains("red.bmp", Assert.Single(warnings));
        File.WriteAllBytes(files.Asked[1].File, [1, 2, 3]);
        var failure = Assert.Throws<BadInputException>(() => Run(Recipe("two", Stage.Stage1, 2)));
        Assert.Contains("2 of 8 samples cannot be used", failure.Message);
    }

    [Fact]
    public void A_loss_that_is_no_number_ends_the_run_and_names_samples()
    {
        var failure = Assert.Throws<BadInputException>(() => Run(Recipe("wild", Stage.Stage2, 6) with { LearningRate = 1e30, Warmup = 0 }));
        Assert.Matches(@"^step \d: the loss is .*; samples .*data\.json, sample \d.*; take a lower learning rate", failure.Message);
        Assert.False(File.Exists(Path.Combine(files.Of("wild"), "model.safetensors")));
    }

    [Fact]
    public void A_plan_tells_memory_within_a_tenth_of_what_a_run_takes()
    {
        Recipe recipe = Recipe("plan", Stage.Stage2, 2);
        using TrainingRun run = TrainingRun.Open(recipe);
        TrainingPlan plan = TrainingPlan.Of(run);
        run.Run();
        long allocated = run.Device.AllocatedBytes, mapped = plan.Memory.Weights - run.Task.OwnWeightBytes;
        output.WriteLine($"plan {plan.Memory.Total}, of it mapped {mapped}; allocated {allocated}");
        Assert.InRange((double)allocated / (plan.Memory.Total - mapped), 0.9, 1.1);
        Assert.Equal((8, 2, 1), (plan.Records, plan.Steps, plan.StepsPerEpoch));
        Assert.Equal(["language", "projector"], plan.Groups.Select(group => group.Name));
        Assert.Equal(" It is red.</s>", string.Concat(plan.Samples[0].Where(piece => piece.IsLearned).Select(piece => piece.Text)));
        Assert.Contains("<1 visual block>", plan.Samples[0].Select(piece => piece.Text));
    }

    [Fact]
    public void Too_little_memory_is_said_before_the_first_step()
    {
        Recipe recipe = Recipe("plan", Stage.Stage2, 2) with { Recompute = false, Precision = Precision.Fp16 };
        var failure = Assert.Throws<DeviceFailedException>(() => TrainingRun.Open(recipe, available: 48 << 20));
        Assert.Matches(@"^training needs about \d+ MiB beside the weights, \d+ MiB are free; set recompute, or train an adapter",
            failure.Message);
        Assert.False(Directory.Exists(recipe.Output));
    }

    public void Dispose() => files.Dispose();

    private static void AssertSameTensors(string folder, string other, string name)
    {
        using SafeTensors a = new(Path.Combine(folder, name)), b = new(Path.Combine(other, name));
        Assert.Equal(a.Tensors.Keys.Order(), b.Tensors.Keys.Order());
        foreach ((string tensor, HostTensor value) in a.Tensors.Where(pair => pair.Key != "state"))
            Assert.True(value.BytesEqual(b.Tensors[tensor]), tensor);
    }

    private void AssertAnswers(string folder)
    {
        using Assistant assistant = Assistant.Load(folder, new AssistantOptions { Device = "cpu" });
        foreach ((string file, string question, string answer) in files.Asked)
        {
            using Conversation conversation = assistant.Start(PromptTemplate.LlavaV1);
            conversation.Show(file);
            Assert.Equal(answer, conversation.Ask(question, new GenerationOptions { MaxTokens = 24 }).Text);
        }
    }

    private static void Resume(Recipe recipe, bool force = false)
    {
        using TrainingRun run = TrainingRun.Open(recipe);
        run.Resume(force);
    }

    public static IEnumerable<TheoryDataRow<Precision, Stage, TestDevice>> HalfRuns
        => from run in new[] { (Precision.Fp16, Stage.Stage2), (Precision.Bf16, Stage.Stage2), (Precision.Fp16, Stage.Stage2Lora) }
           select new TheoryDataRow<Precision, Stage, TestDevice>(run.Item1, run.Item2, TestDevice.OpenCl);

    /// <summary>Whole runs in 16 bits with their masters, the loss scaled where it must be; a checkpoint is taken and gone on from.</summary>
    [Theory, Trait("Category", "long"), DeviceRows(nameof(HalfRuns))]
    public void An_accelerator_trains_weights_of_16_bits_as_the_processor_does(Precision precision, Stage stage, TestDevice device)
    {
        Assert.Equal(TestDevice.OpenCl, device);
        Recipe recipe = Recipe($"processor-{precision}", stage, 4) with
        {
            Precision = precision,
            Warmup = 0,
            SaveEvery = 2,
            Keep = 2,
        };
        if (recipe.Lora is { } lora) recipe = recipe with { Lora = lora with { Dropout = 0 } };
        List<double> expected = [], got = [], after = [];
        Run(recipe, report => expected.Add(report.Loss));
        Recipe other = recipe with { Output = files.Of($"accelerator-{precision}") };
        Run(other, report => got.Add(report.Loss), device: "opencl");
        Assert.Equal(4, got.Count);
        for (int i = 0; i < got.Count; i++) Assert.Equal(expected[i], got[i], 0.005 * expected[i]);
        File.Delete(Path.Combine(other.Output, "checkpoint-000004.safetensors"));
        using TrainingRun run = TrainingRun.Open(other, "opencl");
        run.Resume();
        run.Run(new Told(report => after.Add(report.Loss)));
        Assert.Equal(got[2..], after);
    }

    private static void Run(Recipe recipe, Action<StepReport>? report = null, CancellationToken cancel = default,
        Action<string>? warn = null, string device = "cpu")
    {
        using TrainingRun run = TrainingRun.Open(recipe, device, warn: warn);
        run.Run(report == null ? null : new Told(report), cancel);
    }

    private sealed class Told(Action<StepReport> report) : IProgress<StepReport>
    {
        public void Report(StepReport value) => report(value);
    }
}
