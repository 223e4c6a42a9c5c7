using System.CommandLine;
using System.Text.Json;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Quantizer.Hub;
using EdgeVideoLlava.Quantizer.Quality;
using EdgeVideoLlava.Runtime;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge verify: what one form of a model has lost against another.</summary>
internal static class VerifyCommand
{
    private const int Worst = 5;

    public static Command Create()
    {
        var model = new ModelOptions(measures: true);
        var a = new Argument<string>("A") { Description = "The model to compare with." };
        var b = new Argument<string>("B") { Description = "The same model in another form." };
        var files = new Argument<string[]>("FILE")
        {
            Description = "Pictures and clips: A answers about each, and B is held to it.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string?> text = TextOptions.Text(required: false);
        Option<int> context = TextOptions.Context(), chunks = TextOptions.Chunks(10);
        var ask = new Option<string>("--ask")
        {
            HelpName = "TEXT",
            Description = $"The question. Default: {Assistant.Question}",
            DefaultValueFactory = _ => Assistant.Question,
        };
        var most = new Option<double?>("--max-kl")
        {
            HelpName = "X",
            Description = "End with exit code 4 if the mean KL divergence is above.",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object, with every tensor." };
        var command = new Command("verify",
            "Compare two forms of a model: each tensor, and the next-token distributions on a text, pictures and clips.")
        {
            a, b, files, text, context, chunks, ask, most, json,
        };
        model.AddTo(command, withModel: false);
        command.SetAction((parsed, cancel) =>
        {
            string one = ModelStore.Resolve(parsed.GetRequiredValue(a)), other = ModelStore.Resolve(parsed.GetRequiredValue(b));
            IReadOnlyList<ComparedTensor> tensors = TensorComparison.Compare(one, other, cancel);
            string[] media = parsed.GetValue(files) ?? [];
            string? chunksOf = parsed.GetValue(text);
            DivergenceReport? divergence = null;
            if (media.Length > 0 || chunksOf != null)
            {
                using ModelSession first = ModelSession.Open(model.Read(parsed, one), cancel), second
                    = ModelSession.Open(model.Read(parsed, other), cancel);
                first.Announce();
                var sum = new Divergence();
                if (chunksOf != null)
                {
                    int[][] ids = TextChunks.Read(chunksOf, first.Assistant.Tokenizer, parsed.GetValue(context), parsed.GetValue(chunks));
                    using var line = new TerminalLine();
                    ModelComparison.OnText(sum, first.Model, second.Model, ids, done => line.Show($"chunk {done} of {ids.Length}"), cancel);
                }
                ModelComparison.OnMedia(sum, first.Assistant, second.Assistant, media, parsed.GetValue(ask)!, cancel);
                divergence = sum.Report();
            }
            var report = new VerifyReport(one, other, tensors, divergence);
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(report, QualityJson.Default.VerifyReport));
            else Print(report, Console.Out);
            bool isFar = parsed.GetValue(most) is { } limit && divergence?.Mean > limit;
            return Task.FromResult(isFar ? ExitCodes.Different : ExitCodes.Ok);
        });
        return command;
    }

    private static void Print(VerifyReport report, TextWriter output)
    {
        int equal = report.Tensors.Count(tensor => tensor.RelativeError == 0);
        output.WriteLine($"{report.Tensors.Count} tensors in both, {equal} of them equal; the largest relative errors:");
        foreach (ComparedTensor tensor in report.Tensors.Where(tensor => tensor.RelativeError > 0)
            .OrderByDescending(tensor => tensor.RelativeError).Take(Worst))
        {
            string types = $"{tensor.TypeA} -> {tensor.TypeB}";
            Line($"  {tensor.Name,-45} {types,-14} {tensor.RelativeError,9:0.0000%}  cosine {tensor.Cosine:0.000000}");
        }
        if (report.Divergence is not { } divergence) return;
        Line($"KL divergence of the next token: {divergence.Mean:0.000000} ± {divergence.StandardError:0.000000} nats");
        Line($"  {divergence.Positions} positions, median {divergence.Median:0.000000}, 99 % below {divergence.Percentile99:0.0000}");
        Line($"  the same likeliest token at {divergence.TopAgreementPercent:0.00} %");
        if (divergence.PerplexityA is { } before)
            Line($"  perplexity {before:0.0000} -> {divergence.PerplexityB:0.0000}");

        void Line(FormattableString text) => output.WriteLine(FormattableString.Invariant(text));
    }
}

/// <summary>What edge verify prints.</summary>
internal sealed record VerifyReport(string A, string B, IReadOnlyList<ComparedTensor> Tensors, DivergenceReport? Divergence);
