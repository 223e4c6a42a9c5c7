using System.Globalization;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>All files that a model becomes.</summary>
internal sealed class ModelPlan
{
    private ModelPlan(VideoLlavaConfig config, IReadOnlyList<FilePlan> files, IReadOnlyList<string> notices)
        => (Config, Files, Notices) = (config, files, notices);

    /// <summary>Of the source.</summary>
    public VideoLlavaConfig Config { get; }

    public IReadOnlyList<FilePlan> Files { get; }

    public IReadOnlyList<string> Notices { get; }

    /// <summary>The same with other tensors in the language model's file.</summary>
    public ModelPlan With(IReadOnlyList<TensorPlan> language)
        => new(Config, [Files[0] with { Tensors = language }, .. Files.Skip(1)], Notices);

    /// <exception cref="BadInputException">The model is no complete one, or is quantized already.</exception>
    public static ModelPlan Of(Checkpoint checkpoint, QuantizerOptions options)
    {
        HostTensor? ropeFactors = checkpoint.Tensors.GetValueOrDefault(GgufNames.RopeFactors); // reading the config takes it out
        VideoLlavaConfig config = ConfigReader.Read(checkpoint);
        new ModelTensors(config).Check(checkpoint);
        string name = checkpoint.Keys?.Text("general.name") ?? Title(checkpoint.Folder);
        string towers = options.Type.Most == StorageType.F32 ? "f32" : "f16";
        string? image = config.SeesPictures ? $"mmproj-{towers}.gguf" : null;
        string? video = config.SeesClips ? $"video-tower-{towers}.gguf" : null;
        var towerPlans = new TowerPlans(checkpoint, config, options);
        List<FilePlan> files = [new LanguagePlan(checkpoint, config, options)
            .Make(name, $"language-{options.Type.Name}.gguf", (image, video), ropeFactors)];
        if (image != null) files.Add(towerPlans.Image(name, image));
        if (video != null) files.Add(towerPlans.Video(name, video));
        TensorPlan[] tensors = [.. files.SelectMany(file => file.Tensors)];
        RequireOriginal(checkpoint, options, tensors);
        return new ModelPlan(config, files, [.. config.Notices, .. Fallbacks(options, files[0])]);
    }

    /// <summary>Rounding what is rounded already adds up both errors.</summary>
    private static void RequireOriginal(Checkpoint checkpoint, QuantizerOptions options, TensorPlan[] tensors)
    {
        TensorPlan? first = tensors.FirstOrDefault(plan => plan.Source.Type.IsBlock() && plan.Source.Type != plan.Type);
        if (options.Force || first == null) return;
        Setting force = TensorConverter.ForceSetting;
        throw new BadInputException($"{checkpoint.Folder}: quantized already ({first.Name} is {first.Source.Type}), which a second "
            + $"rounding would make worse; start from the model's original weights, or use {force}")
        { Remedies = [force] };
    }

    private static IEnumerable<string> Fallbacks(QuantizerOptions options, FilePlan file)
    {
        StorageType most = options.Type.Most;
        return file.Tensors.Where(plan => plan.Shape.Length == 2 && plan.Shape[^1] % most.BlockColumns() != 0)
            .GroupBy(plan => (Columns: plan.Shape[^1], plan.Type))
            .Select(group => $"{group.Count()} tensors have rows of {group.Key.Columns} numbers, no whole blocks of {most}; they become "
                + $"{group.Key.Type}");
    }

    /// <summary>The name of a folder as a title.</summary>
    private static string Title(string path)
    {
        string name = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        IEnumerable<string> words = name.Replace('-', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word
            => word != word.ToLowerInvariant() || char.IsDigit(word[0]) ? word : CultureInfo.InvariantCulture.TextInfo.ToTitleCase(word));
        return string.Join(' ', words);
    }
}
