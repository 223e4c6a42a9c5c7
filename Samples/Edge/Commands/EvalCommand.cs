using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeVideoLlava.Quantizer.Hub;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Trainer;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge eval: how often a model answers as data files do, and as another model does.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("MODEL") { Description = "A checkpoint's folder, a GGUF file, or OWNER/NAME of a pulled model." };
        var data = new Option<string[]>("--data")
        {
            HelpName = "FILE.json",
            Description = "Questions with their answers, in the format of training data. May be given several times.",
            Required = true,
        };
        var against = new Option<string?>("--against") { HelpName = "MODEL2", Description = "A second model to compare with." };
        var template = new Option<string?>("--template") { HelpName = "NAME", Description = "Prompt template. Default: each model's own." };
        var most = new Option<int>("--max-tokens")
        {
            HelpName = "N",
            Description = "Tokens of an answer at most.",
            DefaultValueFactory = _ => 128,
        };
        var device = new Option<string>("--device")
        {
            HelpName = "auto|cpu|opencl[:n]|cuda[:n]",
            Description = "Where to compute.",
            DefaultValueFactory = _ => "auto",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object, with every question and answer." };
        var command = new Command("eval",
            "Ask a model the questions of data files and count the answers that match, normalised, by type of question.")
        {
            path, data, against, template, most, device, json,
        };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            string[] models = [.. new[] { parsed.GetRequiredValue(path), parsed.GetValue(against) }.OfType<string>()];
            if (parsed.GetValue(most) < 1) throw new BadInputException("--max-tokens is 1 or more");
            using var line = new TerminalLine();
            EvaluationReport report = Evaluation.Run(
                [.. models.Select(model => (model, (Func<Assistant>)(() => Load(model, parsed.GetValue(device)!, cancel))))],
                parsed.GetValue(data)!, parsed.GetValue(template), parsed.GetValue(most),
                (done, all) => line.Show($"question {done} of {all}"), cancel);
            line.Dispose();
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(report, EvaluationJson.Default.EvaluationReport));
            else Print(report);
            return ExitCodes.Ok;
        }, CancellationToken.None));
        return command;
    }

    private static Assistant Load(string model, string device, CancellationToken cancel)
    {
        using LoadProgress progress = LoadProgress.OnTerminal();
        return Assistant.Load(ModelStore.Resolve(model), new AssistantOptions
        {
            Device = device,
            AvailableMemory = ModelSession.MemoryLimit(),
            Warn = Notices.Say,
        }, progress, cancel);
    }

    private static void Print(EvaluationReport report)
    {
        bool isPair = report.Against != null;
        Console.WriteLine($"{"type",-20} {"questions",9} {"exact",7}{(isPair ? "   other   agree" : "")}");
        foreach (EvaluationGroup group in report.Types.Append(report.All))
        {
            string other = isPair ? FormattableString.Invariant($" {group.OtherExactMatch * 100,7:F1} {group.Agreement * 100,7:F1}") : "";
            Console.WriteLine(FormattableString.Invariant(
                $"{TerminalText.Printable(group.Type),-20} {group.Questions,9} {group.ExactMatch * 100,7:F1}{other}"));
        }
    }
}

/// <summary>Made at compile time.</summary>
[JsonSerializable(typeof(EvaluationReport))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class EvaluationJson : JsonSerializerContext;
