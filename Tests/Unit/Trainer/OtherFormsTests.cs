using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>Runs on other models than the usual: the -hf layout, a tied head; and merged adapters.</summary>
public sealed class OtherFormsTests(ITestOutputHelper output) : IDisposable
{
    private readonly TrainingFiles files = new();

    private Recipe Recipe(string name, Stage stage, string model) => new()
    {
        Stage = stage,
        Model = model,
        Data = [files.Data],
        Validation = [files.Data],
        ShownAnswers = 0,
        Output = files.Of(name),
        Template = "llava_v1",
        Batch = 4,
        Steps = 4,
        SaveEvery = 0,
        LearningRate = 1e-3,
        Lora = stage == Stage.Stage2Lora ? new LoraRecipe { Rank = 6, Alpha = 12 } : null,
    };

    [Fact]
    public void A_model_of_the_hf_layout_is_trained_under_its_own_names()
    {
        Recipe recipe = Recipe("hf", Stage.Stage2, Golden.Path("hf-tiny/checkpoint")) with { Template = "v1" };
        AssertLearns(recipe);
        using var before = new Checkpoint(recipe.Model);
        using var after = new Checkpoint(recipe.Output);
        Assert.False(after.IsOriginal);
        Assert.Equal(before.Tensors.Keys.Order(), after.Tensors.Keys.Order());
        foreach ((string name, HostTensor tensor) in before.Tensors.Where(pair => ModelTensors.PartOf(pair.Key).HasFlag(ModelPart.ImageTower)))
            Assert.True(tensor.BytesEqual(after.Tensors[name]), name);
    }

    [Fact]
    public void A_tied_head_learns_with_its_embedding()
    {
        using var tied = new DoctoredCheckpoint(Golden.Path("original-tiny/checkpoint"))
            .Tensors(tensors => tensors.Remove("lm_head.weight")).Config(config => config["tie_word_embeddings"] = true);
        Recipe recipe = Recipe("tied", Stage.Stage2, tied.Path);
        AssertLearns(recipe);
        using VideoLlava model = VideoLlava.Load(recipe.Output, TestDevices.Get(TestDevice.Cpu));
        Assert.Same(model.Language.Weights.Embedding, model.Language.Weights.Head);
    }

    /// <summary>The model is read as it is stored (bfloat16), so the merged weights are rounded; the loss hardly knows.</summary>
    [Fact]
    public void A_merged_adapter_has_the_loss_of_the_adapter_beside_its_model()
    {
        Recipe recipe = Recipe("adapter", Stage.Stage2Lora, files.Model);
        double beside = AssertLearns(recipe);
        using TrainingRun merged = TrainingRun.Open(Recipe("none", Stage.Stage1, recipe.Output));
        double loss = merged.Task.Validate(default)!.Value.Loss;
        output.WriteLine($"beside {beside}, merged {loss}");
        Assert.Equal(beside, loss, 2e-3 * beside);
    }

    public void Dispose() => files.Dispose();

    /// <summary>The loss afterwards, as the model answers.</summary>
    private static double AssertLearns(Recipe recipe)
    {
        double first = 0, last = 0;
        using TrainingRun run = TrainingRun.Open(recipe);
        first = run.Task.Validate(default)!.Value.Loss;
        run.Validated = report => last = report.Loss;
        run.Run();
        Assert.True(last < first, $"{first} to {last}");
        return last;
    }
}
