using System.CommandLine;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Quantizer.Hub;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge merge: an adapter and its model, or the parts of a model, as one checkpoint.</summary>
internal static class MergeCommand
{
    private static readonly StorageType[] Types = [StorageType.F32, StorageType.F16, StorageType.BF16];

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "Folder of a LoRA adapter, or of a model in parts." };
        var output = new Option<string>("--output", "-o") { HelpName = "DIR", Description = "New folder.", Required = true };
        var to = new Option<string>("--to")
        {
            HelpName = "safetensors|gguf",
            Description = "Form of the result. Default: safetensors, under the original names.",
            DefaultValueFactory = _ => "safetensors",
        };
        var type = new Option<string?>("--type")
        {
            HelpName = "f32|f16|bf16",
            Description = "Of the numbers. Default: as most are stored.",
        };
        var force = new Option<bool>("--force") { Description = "Take 0 for numbers that are not finite." };
        to.AcceptOnlyFromAmong("safetensors", "gguf");
        type.AcceptOnlyFromAmong([.. Types.Select(one => one.ToString().ToLowerInvariant())]);
        var command = new Command("merge", "Write a LoRA adapter and its model, or a model in parts, as one checkpoint.")
        {
            model, output, to, type, force,
        };
        command.SetAction((parsed, cancel) =>
        {
            string from = ModelStore.Resolve(parsed.GetRequiredValue(model)), target = parsed.GetRequiredValue(output);
            StorageType? wanted = parsed.GetValue(type) is { } name ? Enum.Parse<StorageType>(name, ignoreCase: true) : null;
            using var progress = new ProgressLine();
            if (parsed.GetValue(to) == "gguf")
            {
                FileType file = FileType.Find((wanted ?? StorageType.F16).ToString().ToLowerInvariant())!;
                QuantizerReport report = ModelQuantizer.Run(from, target,
                    new QuantizerOptions { Type = file, Force = parsed.GetValue(force) }, progress, cancel);
                progress.Dispose();
                QuantizeText.Print(report, progress.Elapsed, Console.Out);
                return Task.FromResult(ExitCodes.Ok);
            }
            WrittenFile written = ModelMerger.Run(from, target, wanted, parsed.GetValue(force), progress, cancel);
            progress.Dispose();
            Console.WriteLine($"{Path.Combine(target, written.Name)}: {written.Tensors.Count} tensors, {QuantizeText.Size(written.Bytes)}");
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }
}
