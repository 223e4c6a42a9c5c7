using EdgeVideoLlava.Trainer;
using EdgeVideoLlava.Trainer.Data;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

public sealed class RecipeTests : IDisposable
{
    private const string Least = """{ "model": "m", "data": ["d.json"], "output": "o" }""";

    private readonly TrainingFiles files = new();

    [Theory, InlineData("stage1"), InlineData("stage2"), InlineData("stage2-lora")]
    public void A_preset_is_a_recipe_once_its_places_are_filled(string name)
    {
        Recipe preset = Recipe.Preset(name);
        Recipe read = Recipe.Parse(preset.ToJson(), "r.json", [("model", "m"), ("data", "[\"d.json\"]"), ("output", "o")]);
        Assert.Equal(preset.LearningRate, read.LearningRate);
        Assert.Equal((preset.Stage, preset.Batch, preset.Accumulation), (read.Stage, read.Batch, read.Accumulation));
        Assert.Equal(preset.Lora?.Rank, read.Lora?.Rank);
    }

    [Fact]
    public void What_a_file_leaves_out_has_its_default_and_changes_come_last()
    {
        Recipe recipe = Recipe.Parse(Least, "r.json", [("template", "llava_v1"), ("batch", "3")]);
        Assert.Equal((1, 3, 0.03, "llava_v1"), (recipe.Accumulation, recipe.Batch, recipe.Warmup, recipe.Template));
    }

    [Theory]
    [InlineData("nonsense", "1", "r.json: unknown field nonsense; there are stage, model, data,")]
    [InlineData("stage", "stage3", "r.json: stage has a value that it cannot take")]
    [InlineData("batch", "0", "r.json: batch is 0; 1 or more")]
    [InlineData("batch", "1.5", "r.json: batch has a value that it cannot take")]
    [InlineData("data", "[]", "r.json: data is empty")]
    [InlineData("output", "\"\"", "r.json: output is not said")]
    [InlineData("learningRate", "-1", "r.json: learningRate is -1; above 0")]
    [InlineData("warmup", "1", "r.json: warmup is 1;")]
    [InlineData("stage", "stage2Lora", "r.json: lora belongs to the stage stage2Lora")]
    [InlineData("lora", "{\"rank\":4}", "r.json: lora belongs to the stage stage2Lora")]
    [InlineData("lora", "{\"range\":4}", "r.json: unknown field lora.range; there are rank,")]
    [InlineData("baseWeights", "q3", "r.json: baseWeights is q3; there are f16, q8_0,")]
    [InlineData("template", "v7", "no prompt template is named v7;")]
    public void A_wrong_field_is_said(string field, string value, string complaint)
    {
        var refusal = Assert.Throws<BadInputException>(() => Recipe.Parse(Least, "r.json", [(field, value)]));
        Assert.StartsWith(complaint, refusal.Message);
    }

    [Theory]
    [InlineData("{}", "no array of samples")]
    [InlineData("[]", "no samples")]
    [InlineData("[{\"id\": 1}]", "sample 0: no conversations")]
    [InlineData("[{\"conversations\": [{\"from\": \"system\", \"value\": \"x\"}]}]", "sample 0, turn 0: from is system; it is human or gpt")]
    [InlineData("[{\"conversations\": [{\"from\": \"human\"}]}]", "sample 0, turn 0: no value")]
    [InlineData("[{\"conversations\": [{\"from\": \"human\", \"value\": \"a\"}, {\"from\": \"human\", \"value\": \"b\"}]}]", "do not take turns")]
    [InlineData("[{\"video\": [\"a\", \"b\"], \"conversations\": []}]", "2 videos; a sample has at most one")]
    [InlineData("[{\"image\": 3, \"conversations\": []}]", "image is no path")]
    [InlineData("[{\"image\": \"gone.png\", \"conversations\": []}]", "gone.png is not there")]
    [InlineData("[{\"image\": \"red.bmp\"", "no array of samples")]
    public void Broken_data_is_said_with_its_place(string json, string complaint)
    {
        string path = files.Write("broken.json", json), folder = Path.GetDirectoryName(path)!;
        var refusal = Assert.Throws<BadInputException>(() => DialogueFile.Read(path, folder, folder));
        Assert.StartsWith(path, refusal.Message);
        Assert.Contains(complaint, refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void Tags_that_do_not_match_are_said_before_anything_is_trained()
    {
        string path = files.Write("tags.json",
            """[{"image": "red.bmp", "conversations": [{"from": "human", "value": "What?"}, {"from": "gpt", "value": "Red."}]}]""");
        var refusal = Assert.Throws<BadInputException>(() => TrainingRun.Open(new Recipe
        {
            Stage = Stage.Stage1,
            Model = files.Model,
            Data = [path],
            Output = files.Of("out"),
        }));
        Assert.Contains("places for 0 visual blocks, its pictures and clip give 1", refusal.Message);
    }

    public void Dispose() => files.Dispose();
}
