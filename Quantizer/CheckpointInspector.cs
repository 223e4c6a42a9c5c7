using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Quantizer;

/// <summary>Looks into checkpoints: which variant and why, what tensors, how much memory on which device. Loads no weights.</summary>
public static class CheckpointInspector
{
    /// <summary>A folder is read as a whole checkpoint, and checked as one; a safetensors file alone gives its tensors.</summary>
    /// <exception cref="BadInputException">The folder is no complete checkpoint, or the file is broken.</exception>
    public static CheckpointReport Inspect(string path) => Directory.Exists(path) ? InspectFolder(path) : InspectFile(path);

    private static CheckpointReport InspectFolder(string folder)
    {
        using var checkpoint = new Checkpoint(folder);
        VideoLlavaConfig config = ConfigReader.Read(checkpoint);
        new ModelTensors(config).Check(checkpoint);
        string why = checkpoint.IsOriginal
            ? $"names such as {checkpoint.Deciding}"
                + (config.VideoTower.TemporalFrames > 0 ? ", and the video tower has temporal attention" : "")
            : "no names of the original repository (mm_projector, image_tower.image_tower)";
        return new CheckpointReport(folder, config.Variant == ModelVariant.Original ? "original" : "hf", why, checkpoint.FileBytes,
            Groups(checkpoint.Tensors.Values.Zip(checkpoint.Tensors.Keys, (tensor, name) => (name, tensor))), Sizes(config),
            Memory(checkpoint, config),
            checkpoint.Ignored, config.Notices, [.. checkpoint.Tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => Entry(pair.Key, pair.Value))]);
    }

    private static CheckpointReport InspectFile(string path)
    {
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            throw new BadInputException(
                $"{path}: no safetensors file; to inspect a whole checkpoint give its folder, "
                + $"{Path.GetDirectoryName(Path.GetFullPath(path))}");
        using var file = new SafeTensors(path);
        return new CheckpointReport(path, null, null, file.FileBytes,
            Groups(file.Tensors.Select(pair => (WeightNames.Canonical(pair.Key), pair.Value))), [], [], [], [],
            [.. file.Tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => Entry(pair.Key, pair.Value))]);
    }

    private static TensorGroup[] Groups(IEnumerable<(string Name, HostTensor Tensor)> tensors)
        => [.. tensors.GroupBy(pair => Group(pair.Name)).OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => new TensorGroup(group.Key, group.Count(),
            group.Sum(pair => pair.Tensor.Elements), group.Sum(pair => pair.Tensor.Bytes),
            string.Join(", ", group.Select(pair => pair.Tensor.Type.ToString()).Distinct().Order())))];

    private static string Group(string name) => ModelTensors.PartOf(name) switch
    {
        ModelPart.ImageTower => "image tower",
        ModelPart.VideoTower => "video tower",
        ModelPart.Projector => "projector",
        ModelPart.Language => "language model",
        _ => "other",
    };

    private static SizeEntry[] Sizes(VideoLlavaConfig config)
    {
        (var language, VisionConfig image, VisionConfig video) = (config.Language, config.ImageTower, config.VideoTower);
        return
        [
            new("language model",
                $"{language.Layers} layers, hidden {language.Hidden}, feed-forward {language.FeedForward}, {language.Heads} heads of "
                + $"{language.HeadSize} "
                + $"({language.KeyValueHeads} for keys and values), vocabulary {language.Vocabulary}, context "
                + $"{language.Context}{(language.TiedHead ? ", tied head" : "")}"),
            new("image tower", Tower(image)),
            new("video tower", Tower(video)),
            new("positions",
                $"{image.Positions - 1} a picture, {video.Positions} a frame, {config.ClipFrames * video.Positions} a clip of "
                + $"{config.ClipFrames} frames"),
        ];
    }

    private static string Tower(VisionConfig tower)
        => $"{tower.Layers} layers ({tower.FeatureLayers} used), hidden {tower.Hidden}, {tower.Heads} heads of "
            + $"{tower.Hidden / tower.Heads}, feed-forward {tower.FeedForward}, "
            + $"pictures of {tower.ImageSize} in patches of {tower.Patch}, "
            + $"{tower.Activation}{(tower.TemporalFrames > 0 ? $", temporal attention over {tower.TemporalFrames} frames" : "")}";

    private static MemoryEntry[] Memory(Checkpoint checkpoint, VideoLlavaConfig config)
    {
        MemoryNeed floats = MemoryNeed.Of(checkpoint, config);
        MemoryNeed halves = MemoryNeed.Of(checkpoint, config, cache: StorageType.F16);
        MemoryNeed bytes = MemoryNeed.Of(checkpoint, config, cache: StorageType.I8);
        return
        [
            new("cpu, fp32", "as stored", floats.Mapped + floats.Copied, floats.KvCache, bytes.KvCache),
            new("GPU, fp16", "as stored", floats.OnAccelerator, halves.KvCache, bytes.KvCache),
        ];
    }

    private static TensorEntry Entry(string name, HostTensor tensor) => new(name, tensor.Type.ToString(), tensor.Shape, tensor.Bytes);
}
