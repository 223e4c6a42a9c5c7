using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Compensation;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>Converts a model of any form that can be read to GGUF files, tensor by tensor: a language model, an mmproj file and a video
/// tower, with a manifest of their SHA-256.</summary>
public static class ModelQuantizer
{
    /// <summary>Name of the manifest in a folder.</summary>
    public const string ManifestName = "manifest.json";

    /// <summary>Whether a type can be written.</summary>
    public static bool Writes(StorageType type) => type == StorageType.F32 || Pack.Writes(type);

    /// <summary>What a conversion would write. Nothing is written.</summary>
    /// <exception cref="BadInputException">The model is no complete one, or is quantized already.</exception>
    public static QuantizerReport Plan(string model, QuantizerOptions options)
    {
        using var checkpoint = new Checkpoint(model);
        ModelPlan plan = ModelPlan.Of(checkpoint, options);
        return Report(checkpoint, options, plan, [.. plan.Files.Select(file => Described(file, null, null))], plan.Notices)
            with
        { Memory = DeviceMemory.Of(plan, checkpoint, options.Positions) };
    }

    /// <param name="output">A new folder; of a text model also a file that ends in .gguf.</param>
    /// <returns>Complete: there is nothing under the output's name before.</returns>
    /// <exception cref="BadInputException">The model or the output cannot be used.</exception>
    public static QuantizerReport Run(string model, string output, QuantizerOptions options, IProgress<QuantizerProgress>? progress = null,
        CancellationToken cancel = default)
    {
        using var checkpoint = new Checkpoint(model);
        using var rounded = new RoundedTensors();
        ModelPlan plan = rounded.Fill(ModelPlan.Of(checkpoint, options), checkpoint, output, options.Layers, progress, cancel);
        long done = 0, total = plan.Files.Sum(file => file.Tensors.Sum(tensor => tensor.Elements));
        var converter = new TensorConverter(options, (tensor, numbers)
            => progress?.Report(new QuantizerProgress(tensor.Name, (double)(done += numbers) / total)), cancel);
        QuantizerReport report = GgufModelFiles.IsGguf(output) ? WriteFile() : WriteFolder();
        return converter.Replaced == 0 ? report
            : report with { Notices = [.. report.Notices, $"{converter.Replaced} numbers were not finite; they are 0 now"] };

        QuantizerReport WriteFile()
        {
            if (plan.Files is not [FilePlan only])
            {
                throw new BadInputException($"{output}: this model becomes {plan.Files.Count} files "
                    + $"({string.Join(", ", plan.Files.Select(file => file.Part))}); give a folder as output");
            }
            using var file = new OutputFile(output, Checkpoint.Files(model));
            using var manifest = new OutputFile($"{output}.{ManifestName}", Checkpoint.Files(model));
            RequireSpace(plan.Files.Sum(Bytes), output, Path.GetDirectoryName(Path.GetFullPath(output))!);
            WrittenFile written = Write(only with { Name = Path.GetFileName(output) }, file.Stream, converter, options);
            QuantizerReport result = Report(checkpoint, options, plan, [written], plan.Notices);
            Manifest.Write(manifest.Stream, result, plan);
            file.Complete();
            manifest.Complete();
            return result;
        }

        QuantizerReport WriteFolder()
        {
            using var folder = new OutputFolder(output);
            RequireSpace(plan.Files.Sum(Bytes), output, folder.Place);
            var files = new List<WrittenFile>();
            foreach (FilePlan file in plan.Files)
                folder.Write(file.Name, stream => files.Add(Write(file, stream, converter, options)));
            QuantizerReport result = Report(checkpoint, options, plan, files, plan.Notices);
            folder.Write(ManifestName, stream => Manifest.Write(stream, result, plan));
            cancel.ThrowIfCancellationRequested();
            folder.Complete();
            return result;
        }
    }

    private static WrittenFile Write(FilePlan file, Stream stream, TensorConverter converter, QuantizerOptions options)
    {
        using var hashing = new HashingStream(stream);
        var losses = file.Tensors.ToDictionary(tensor => tensor.Name, _ => options.Measures ? new TensorLoss() : null);
        GgufOutput.Write(hashing, file.Keys, Entries(file, (target, tensor) => converter.Write(target, tensor, losses[tensor.Name])));
        return Described(file, hashing.Digest(), losses);
    }

    private static GgufOutput.Entry[] Entries(FilePlan file, Action<Stream, TensorPlan> write)
        => [.. file.Tensors.Select(tensor
            => new GgufOutput.Entry(tensor.Name, tensor.Type, tensor.Shape, target => write(target, tensor)))];

    /// <exception cref="BadInputException">A disk has not so many bytes.</exception>
    internal static void RequireSpace(long need, string output, string place)
    {
        long free = new DriveInfo(place).AvailableFreeSpace;
        if (need > free)
            throw new BadInputException($"{output}: {need >> 20} MiB are to be written, {free >> 20} MiB are free; choose another place");
    }

    private static long Bytes(FilePlan file) => GgufOutput.FileBytes(file.Keys, Entries(file, (_, _) => { }));

    private static WrittenFile Described(FilePlan file, string? digest, Dictionary<string, TensorLoss?>? losses)
        => new(file.Name, file.Part, Bytes(file), digest, [.. file.Tensors.Select(tensor => Described(tensor, losses?[tensor.Name]))]);

    private static WrittenTensor Described(TensorPlan tensor, TensorLoss? loss)
        => new(tensor.Name, tensor.Source.Type.ToString(), tensor.Type.ToString(), tensor.Shape, tensor.Bytes, loss?.RelativeError,
            loss?.WorstBlock, loss?.Cosine)
        { Outputs = tensor.Rounded?.Report };

    private static QuantizerReport Report(Checkpoint checkpoint, QuantizerOptions options, ModelPlan plan, IReadOnlyList<WrittenFile> files,
        IReadOnlyList<string> notices)
        => new(checkpoint.Folder, options.Type.Name,
            plan.Files.Sum(file => file.Tensors.Sum(tensor => tensor.Source.Bytes)), files, notices);
}
