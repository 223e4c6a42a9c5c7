using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Edge.Options;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Quantizer.Hub;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge quantize: a model of any form to GGUF files.</summary>
internal static class QuantizeCommand
{
    private static readonly string Types = string.Join('|', FileType.All.Select(type => type.Name));

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A checkpoint's folder, a GGUF file, or OWNER/NAME of a pulled model." };
        var output = new Option<string?>("--output", "-o")
        {
            HelpName = "DIR|FILE",
            Description = "New folder for the files; of a text model also one file that ends in .gguf.",
        };
        var type = new Option<string>("--type")
        {
            HelpName = Types,
            Description = "Of the language model; towers and projector stay F16. Default: q4_k_m.",
            DefaultValueFactory = _ => "q4_k_m",
        };
        var overrides = new Option<string[]>("--tensor-type")
        {
            HelpName = "REGEX=TYPE",
            Description = "Another type for the matrices of such names; may be given several times, the first match counts.",
        };
        var importance = new Option<string?>("--imatrix")
        {
            HelpName = "FILE",
            Description = "Importance matrix of the model: llama.cpp's, or one that --calibrate made.",
        };
        CalibrationOptions calibration = new();
        var report = new Option<string?>("--report")
        {
            HelpName = "FILE",
            Description = "Write what each tensor loses to a file that ends in .html or .json.",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object, with every tensor." };
        var force = new Option<bool>("--force")
        {
            Description = "Quantize what is quantized already, and take 0 for numbers that are not finite.",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Show what would be written, and write nothing." };
        type.Validators.Add(result =>
        {
            if (result.Tokens is [Token token, ..] && FileType.Find(token.Value) == null)
                result.AddError($"--type: '{token.Value}' is no type of files; there are {Types.Replace("|", ", ")}");
        });
        overrides.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (Override(token.Value) == null)
                    result.AddError($"--tensor-type: '{token.Value}' is not REGEX=TYPE with a type that can be written, as ffn_down=q6_k");
            }
        });
        var command = new Command("quantize", "Convert a model to GGUF: smaller, and for every program that reads GGUF.")
        {
            model, output, type, overrides, importance, report, json, force, dryRun,
        };
        calibration.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(output) == null && !result.GetValue(dryRun)) result.AddError("-o is missing: where to write");
            if (result.GetResult(importance) != null && calibration.IsGiven(result))
                result.AddError("--imatrix and --calibrate: give one of them");
            if (result.GetValue(report) is { } path && !QuantizeReportFile.IsKnown(path))
                result.AddError($"--report: '{path}' ends neither in .html nor in .json");
        });
        command.SetAction((parsed, cancel) =>
        {
            string from = ModelStore.Resolve(parsed.GetRequiredValue(model));
            string? reportPath = parsed.GetValue(report);
            if (reportPath != null) OutputFile.Check(reportPath, Checkpoint.Files(from));
            bool plansOnly = parsed.GetValue(dryRun);
            using CalibratedModel? calibrated = calibration.IsGiven(parsed) && !plansOnly
                ? calibration.Collect(parsed, from, reportPath != null, cancel) : null;
            if (calibrated?.Layers is { } layers)
            {
                Notices.Say($"rounding layer by layer takes up to {QuantizeText.Size(layers.PeakBytes)} of memory beside the model, with "
                    + $"{layers.Inputs.Count} of {calibrated.Sequences} sequences");
                layers.RequireMemory(ModelSession.MemoryLimit());
            }
            var options = new QuantizerOptions
            {
                Type = FileType.Find(parsed.GetValue(type)!)!,
                Overrides = [.. (parsed.GetValue(overrides) ?? []).Select(text => Override(text)!.Value)],
                Force = parsed.GetValue(force),
                Measures = reportPath != null,
                Importance = parsed.GetValue(importance) is { } path ? ImportanceMatrix.Read(path)
                    : calibrated?.Importance,
                IsWeighted = calibration.IsGiven(parsed),
                Layers = calibrated?.Layers,
                Positions = calibration.Positions(parsed),
            };
            string? target = plansOnly ? null : parsed.GetValue(output);
            QuantizerReport result = Convert(from, target, options, out TimeSpan? time, cancel);
            if (reportPath != null) QuantizeReportFile.Write(reportPath, result, Checkpoint.Files(from));
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(result, QuantizeJson.Default.QuantizerReport));
            else QuantizeText.Print(result, time, Console.Out);
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    /// <param name="output">Null: nothing is written.</param>
    private static QuantizerReport Convert(string model, string? output, QuantizerOptions options, out TimeSpan? time,
        CancellationToken cancel)
    {
        time = null;
        if (output == null) return ModelQuantizer.Plan(model, options);
        using var progress = new ProgressLine();
        QuantizerReport report = ModelQuantizer.Run(model, output, options, progress, cancel);
        time = progress.Elapsed;
        return report;
    }

    /// <summary>Null where a text is no REGEX=TYPE.</summary>
    private static (Regex, StorageType)? Override(string text)
    {
        int at = text.LastIndexOf('=');
        if (at <= 0 || !Enum.TryParse(text[(at + 1)..], ignoreCase: true, out StorageType type)
            || !ModelQuantizer.Writes(type)) return null;
        try
        {
            return (new Regex(text[..at], RegexOptions.CultureInvariant | RegexOptions.NonBacktracking), type);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}

/// <summary>Made at compile time.</summary>
[JsonSerializable(typeof(QuantizerReport))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class QuantizeJson : JsonSerializerContext;
