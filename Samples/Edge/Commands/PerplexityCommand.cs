using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Quantizer.Quality;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge perplexity: how well a model foretells a text.</summary>
internal static class PerplexityCommand
{
    public static Command Create()
    {
        var model = new ModelOptions(measures: true);
        var path = new Argument<string>("MODEL") { Description = "A checkpoint's folder, a GGUF file, or OWNER/NAME of a pulled model." };
        var text = TextOptions.Text(required: true);
        Option<int> context = TextOptions.Context();
        Option<int?> chunks = TextOptions.AllChunks();
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("perplexity",
            "Measure how well a model foretells a text, as llama-perplexity does: chunks of one length, the second half of each scored.")
        {
            path, text, context, chunks, json,
        };
        model.AddTo(command, withModel: false);
        command.SetAction((parsed, cancel) =>
        {
            using ModelSession session = ModelSession.Open(model.Read(parsed, parsed.GetRequiredValue(path)), cancel);
            session.Announce();
            int[][] ids = TextChunks.Read(parsed.GetValue(text)!, session.Assistant.Tokenizer, parsed.GetValue(context),
                parsed.GetValue(chunks) ?? int.MaxValue);
            using var line = new TerminalLine();
            PerplexityReport report = Perplexity.Measure(session.Model, ids, (chunk, value)
                => line.Show(FormattableString.Invariant($"chunk {chunk} of {ids.Length}: perplexity {value:0.0000}")), cancel);
            line.Dispose();
            Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(report, QualityJson.Default.PerplexityReport)
                : FormattableString.Invariant($"perplexity {report.Value:0.0000} ± {report.StandardError:0.0000} ")
                    + $"({report.Scored} positions of {report.Chunks} chunks)");
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }
}

/// <summary>Made at compile time.</summary>
[JsonSerializable(typeof(PerplexityReport))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class QualityJson : JsonSerializerContext;
