using System.Xml.Linq;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>What a run says of itself: validation, page, events; and evaluations of models afterwards.</summary>
public sealed class ValidationTests : IDisposable
{
    private readonly TrainingFiles files = new();

    private Recipe Recipe(string output) => new()
    {
        Stage = Stage.Stage2,
        Model = files.Model,
        Data = [files.Data],
        Validation = [files.Data],
        ValidateEvery = 6,
        ShownAnswers = 2,
        Output = files.Of(output),
        Template = "llava_v1",
        Batch = 8,
        Steps = 18,
        SaveEvery = 0,
        LearningRate = 1e-3,
    };

    [Fact]
    public void A_run_validates_keeps_its_best_and_shows_itself()
    {
        List<ValidationReport> reports = [];
        Recipe recipe = Recipe("out");
        using (TrainingRun run = TrainingRun.Open(recipe))
        {
            run.Validated = reports.Add;
            run.Run();
        }
        Assert.Equal([6, 12, 18], reports.Select(report => report.Step));
        Assert.True(reports[^1].Loss < 0.3 * reports[0].Loss, $"{reports[0].Loss} to {reports[^1].Loss}");
        Assert.All(reports, report => Assert.Equal(report.Loss <= reports.Min(other => other.Step > report.Step ? double.MaxValue : other.Loss),
            report.IsBest));
        Assert.Equal((files.Asked[0].Question, files.Asked[0].Answer, files.Asked[0].Answer),
            (reports[^1].Answers[0].Question, reports[^1].Answers[0].Expected, reports[^1].Answers[0].Answer));
        Assert.Equal(3, File.ReadAllLines(files.Of("out/validation.jsonl")).Length);
        using (var best = new SafeTensors(files.Of("out/best.safetensors"))) Assert.True(best.Tensors.ContainsKey("state"));
        Assert.Single(Directory.GetFiles(files.Of("out/events")));
        string page = File.ReadAllText(files.Of("out/report.html"));
        Assert.DoesNotContain("http-equiv", page);
        Assert.Contains($"<td class=\"same\">{files.Asked[0].Answer}</td>", page);
        string[] drawings = [.. page.Split("<svg").Skip(1).Select(part => "<svg" + part[..(part.IndexOf("</svg>") + 6)])];
        Assert.Equal(4, drawings.Length);
        Assert.All(drawings, drawing => Assert.NotEmpty(XElement.Parse(drawing).Descendants()));
        Evaluated(recipe.Output);
    }

    private void Evaluated(string trained)
    {
        Assistant Open(string folder) => Assistant.Load(folder, new AssistantOptions { Device = "cpu" });
        string data = files.Write("asked.json", """
            [{"image": "red.bmp", "type": "colour", "conversations": [{"from": "human", "value": "<image>\nWhat colour is it?"},
               {"from": "gpt", "value": "it is RED"}]},
             {"image": "blue.bmp", "conversations": [{"from": "human", "value": "<image>\nWhat colour is it?"},
               {"from": "gpt", "value": "It is yellow."}]}]
            """);
        List<int> told = [];
        EvaluationReport report = Evaluation.Run([("trained", () => Open(trained)), ("base", () => Open(files.Model))], [data], "llava_v1",
            16, (done, all) => told.Add(all == 4 ? done : -1));
        Assert.Equal([1, 2, 3, 4], told);
        Assert.Equal(["colour", "what"], report.Types.Select(type => type.Type));
        Assert.Equal((2, 0.5, 0.0, 0.0), (report.All.Questions, report.All.ExactMatch, report.All.OtherExactMatch, report.All.Agreement));
        Assert.Equal(1.0, report.Types[0].ExactMatch);
        Assert.Equal("It is blue.", report.Items[1].Answer);
    }

    public void Dispose() => files.Dispose();
}
