using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>Writes a model as one folder of safetensors under its original names: an adapter merged into its model, or the parts of a
/// model put together.</summary>
public static class ModelMerger
{
    /// <summary>What a folder holds beside its weights, where there is such a file.</summary>
    private static readonly string[] Beside =
    [
        "generation_config.json", "tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "chat_template.json", "preprocessor_config.json", "processor_config.json",
    ];

    /// <param name="output">A new folder.</param>
    /// <param name="type">F32, F16 or BF16; null: that of most of the model's numbers.</param>
    /// <returns>The one file of weights.</returns>
    /// <exception cref="BadInputException">The model or the output cannot be used.</exception>
    public static WrittenFile Run(string model, string output, StorageType? type = null, bool force = false,
        IProgress<QuantizerProgress>? progress = null, CancellationToken cancel = default)
    {
        using var checkpoint = new Checkpoint(model);
        if (checkpoint.Keys != null)
            throw new BadInputException($"{model}: a GGUF file, which has no config.json for safetensors; convert its original folder");
        VideoLlavaConfig config = ConfigReader.Read(checkpoint);
        new ModelTensors(config).Check(checkpoint);
        StorageType stored = type ?? Usual(checkpoint);
        TensorPlan[] plans = [.. checkpoint.Tensors.Select(pair => new TensorPlan(WeightNames.InFile(pair.Key, config.Variant), pair.Value,
            stored, [.. pair.Value.Shape]))];
        long done = 0, total = plans.Sum(plan => plan.Elements);
        var options = new QuantizerOptions { Type = FileType.Find("f32")!, Force = force };
        var converter = new TensorConverter(options, (plan, numbers)
            => progress?.Report(new QuantizerProgress(plan.Name, (double)(done += numbers) / total)), cancel);
        using var folder = new OutputFolder(output);
        ModelQuantizer.RequireSpace(plans.Sum(plan => plan.Bytes), output, folder.Place);
        string? digest = null;
        folder.Write("model.safetensors", stream =>
        {
            using var hashing = new HashingStream(stream);
            SafeTensorsWriter.Write(hashing, [.. plans.Select(plan => new SafeTensorsWriter.Entry(plan.Name, plan.Type, plan.Shape,
                target => converter.Write(target, plan)))]);
            digest = hashing.Digest();
        });
        CopyOthers(checkpoint, folder);
        cancel.ThrowIfCancellationRequested();
        folder.Complete();
        return new WrittenFile("model.safetensors", "whole model", new FileInfo(Path.Combine(output, "model.safetensors")).Length, digest,
            [.. plans.Select(plan => new WrittenTensor(plan.Name, plan.Source.Type.ToString(), plan.Type.ToString(), plan.Shape, plan.Bytes,
                null, null, null))]);
    }

    private static StorageType Usual(Checkpoint checkpoint)
        => checkpoint.BaseTypes.GroupBy(entry => entry.Type).MaxBy(group => group.Sum(entry => entry.Elements))!.Key;

    /// <summary>config.json, the tokenizer, and the configs of towers that lie apart: they alone know their numbers of heads.</summary>
    private static void CopyOthers(Checkpoint checkpoint, OutputFolder folder)
    {
        string tokenizer = LoraAdapter.Is(checkpoint.Folder) && !TokenizerFiles.HasVocabulary(checkpoint.Folder)
            ? LoraAdapter.BaseOf(checkpoint.Folder) : checkpoint.Folder;
        Copy(checkpoint.ConfigFolder, "config.json", "config.json");
        foreach (string name in Beside) Copy(tokenizer, name, name);
        foreach (string tower in new[] { "mm_image_tower", "mm_video_tower" })
        {
            if (CheckpointParts.Named(checkpoint.ConfigFolder, tower) is not { } name) continue;
            string? place = new[] { checkpoint.Folder, checkpoint.ConfigFolder }.SelectMany(from => CheckpointParts.Places(from, name))
                .FirstOrDefault(at => File.Exists(Path.Combine(at, "config.json")));
            if (place != null) Copy(place, "config.json", Path.Combine(CheckpointParts.TowersFolder, name, "config.json"));
        }

        void Copy(string from, string name, string to)
        {
            string path = Path.Combine(from, name);
            if (File.Exists(path)) folder.Write(to, stream => stream.Write(File.ReadAllBytes(path)));
        }
    }
}
