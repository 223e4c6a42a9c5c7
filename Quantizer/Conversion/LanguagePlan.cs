using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>The file of a language model: llama.cpp's keys, names, order and types.</summary>
/// <remarks>Source: ggml-org/llama.cpp, convert_hf_to_gguf.py for F32, F16 and BF16, src/llama-quant.cpp for the others. They order keys
/// and tensors differently.</remarks>
internal sealed class LanguagePlan(Checkpoint checkpoint, VideoLlavaConfig config, QuantizerOptions options)
{
    private const string FileTypeKey = "general.file_type", VersionKey = "general.quantization_version";
    private const uint QuantizationVersion = 2;

    private bool IsQuantized => options.Type.Most.IsBlock();

    private bool IsVideoLlava => config.Variant != ModelVariant.Text;

    private IEnumerable<KeyValuePair<string, HostTensor>> Stored
        => checkpoint.Tensors.Where(pair => ModelTensors.PartOf(pair.Key) == ModelPart.Language);

    /// <param name="name">Of the model, for people.</param>
    /// <param name="vision">Names of the files of the towers; null where there is none.</param>
    /// <param name="ropeFactors">The tensor of rotary divisors, where the source has one.</param>
    public FilePlan Make(string name, string file, (string? Image, string? Video) vision, HostTensor? ropeFactors)
    {
        LlamaConfig language = config.Language;
        int rows = language.Vocabulary;
        IEnumerable<GgufKey> keys;
        if (checkpoint.Keys is { } source)
        {
            string[] remade = [FileTypeKey, VersionKey, GgufModelFiles.VisionKey, GgufModelFiles.VideoKey];
            keys = source.Names.Where(key => !remade.Contains(key) && !key.StartsWith("split.") && !key.StartsWith("quantize."))
                .Select(source.Copy);
        }
        else
        {
            using var tokenizer = new TokenizerKeys(checkpoint.Folder);
            if (config.Variant == ModelVariant.Hf) rows = Math.Min(rows, tokenizer.Pieces);
            keys = [.. Converted(name, rows), .. tokenizer.Keys(rows, language.PaddingId, IsVideoLlava), .. IsVideoLlava ? Own(rows) : []];
        }
        if (vision.Image != null) keys = keys.Append(GgufKey.Of(GgufModelFiles.VisionKey, vision.Image));
        if (vision.Video != null) keys = keys.Append(GgufKey.Of(GgufModelFiles.VideoKey, vision.Video));
        return new FilePlan("language model", file, [.. InOrder(keys)], [.. Tensors(rows, ropeFactors)]);
    }

    /// <summary>What the converter writes before the tokenizer.</summary>
    private IEnumerable<GgufKey> Converted(string name, int rows)
    {
        LlamaConfig language = config.Language;
        long numbers = Stored.Sum(pair => pair.Value.Elements);
        return
        [
            GgufKey.Of("general.architecture", "llama"), GgufKey.Of("general.type", "model"), GgufKey.Of("general.name", name),
            GgufKey.Of("general.size_label", SizeLabel(numbers)),
            Of("block_count", language.Layers), Of("context_length", language.Context),
            Of("embedding_length", language.Hidden), Of("feed_forward_length", language.FeedForward),
            Of("attention.head_count", language.Heads), Of("attention.head_count_kv", language.KeyValueHeads),
            GgufKey.Of("llama.rope.freq_base", (float)language.RopeTheta),
            GgufKey.Of("llama.attention.layer_norm_rms_epsilon", language.RmsEpsilon),
            Of("attention.key_length", language.HeadSize), Of("attention.value_length", language.HeadSize),
            GgufKey.Of(FileTypeKey, (uint)options.Type.Number), Of("vocab_size", rows), Of("rope.dimension_count", language.HeadSize),
            GgufKey.Of(VersionKey, QuantizationVersion),
        ];

        static GgufKey Of(string key, int value) => GgufKey.Of($"llama.{key}", (uint)value);
    }

    /// <summary>What llama.cpp has no keys for.</summary>
    private IEnumerable<GgufKey> Own(int rows)
    {
        yield return GgufKey.Of(EdgeKeys.Naming, EdgeKeys.Word(config.Variant));
        yield return GgufKey.Of(EdgeKeys.VocabularyRows, (uint)rows);
        yield return GgufKey.Of(EdgeKeys.Temporal, config.SeesClips && config.VideoTower.TemporalFrames > 0);
        yield return GgufKey.Of(EdgeKeys.Activation, EdgeKeys.Word(config.ImageTower.Activation));
        yield return GgufKey.Of(EdgeKeys.Preprocessing, config.Variant == ModelVariant.Hf ? EdgeKeys.Hf
            : config.PadPictures ? EdgeKeys.OriginalPad : EdgeKeys.Original);
        yield return GgufKey.Of(EdgeKeys.ClipFrames, (uint)config.ClipFrames);
        if (config.ImageTokenId is { } image) yield return GgufKey.Of(EdgeKeys.ImageToken, (uint)image);
        if (config.VideoTokenId is { } video) yield return GgufKey.Of(EdgeKeys.VideoToken, (uint)video);
        if (config.ExpandedLimit is { } limit) yield return GgufKey.Of(EdgeKeys.ExpandedLimit, (uint)limit);
    }

    /// <summary>llama-quantize moves the two keys that it sets to the end.</summary>
    private IEnumerable<GgufKey> InOrder(IEnumerable<GgufKey> keys)
    {
        if (!IsQuantized && checkpoint.Keys == null) return keys;
        return keys.Where(key => key.Name is not (FileTypeKey or VersionKey))
            .Append(GgufKey.Of(VersionKey, QuantizationVersion)).Append(GgufKey.Of(FileTypeKey, (uint)options.Type.Number))
            .Concat(options.Importance is { } importance ? Keys(importance) : []);
    }

    private static IEnumerable<GgufKey> Keys(ImportanceMatrix importance) =>
    [
        GgufKey.Of("quantize.imatrix.file", importance.Source), GgufKey.Of("quantize.imatrix.dataset", importance.Data),
        GgufKey.Of("quantize.imatrix.entries_count", (uint)importance.Names.Count()),
        GgufKey.Of("quantize.imatrix.chunks_count", (uint)importance.Chunks),
    ];

    private IEnumerable<TensorPlan> Tensors(int rows, HostTensor? ropeFactors)
    {
        Dictionary<string, (TensorSpec Tensor, ParameterSpec Parameter)> known
            = new ModelTensors(config).Stored.ToDictionary(entry => entry.Tensor.Name);
        IEnumerable<TensorPlan> tensors
            = Stored.Select(pair => Plan(known[pair.Key].Tensor, known[pair.Key].Parameter, pair.Value, rows));
        if (ropeFactors != null)
            tensors = tensors.Append(new TensorPlan(GgufNames.RopeFactors, ropeFactors, StorageType.F32, [.. ropeFactors.Shape]));
        if (!IsQuantized && checkpoint.Keys == null) return tensors;
        return tensors.OrderBy(tensor => Layer(tensor.Name) ?? -1).ThenBy(tensor => tensor.Name, StringComparer.Ordinal);
    }

    private TensorPlan Plan(TensorSpec spec, ParameterSpec parameter, HostTensor source, int rows)
    {
        string name = GgufNames.InFile(spec.Name);
        long[] shape = [.. spec.Shape];
        if (parameter.Role is ParameterRole.Embedding or ParameterRole.Head) shape[0] = Math.Min(shape[0], rows);
        bool isHead = parameter.Role == ParameterRole.Head || (parameter.Role == ParameterRole.Embedding && config.Language.TiedHead);
        StorageType type = shape.Length == 1 ? StorageType.F32
            : Overrides.Find(options, name, (int)shape[^1])
                ?? options.Type.Of(name, parameter.Layer, config.Language.Layers, (int)shape[^1], isHead, options.IsWeighted);
        return new TensorPlan(name, source, type, shape, checkpoint.PairsNeighbours ? 0 : spec.RotaryHeads)
        {
            Importance = type.IsBlock() ? options.Importance?.Of(name, (int)shape[^1]) : null,
        };
    }

    private static int? Layer(string name)
        => name.StartsWith("blk.", StringComparison.Ordinal) ? int.Parse(name.AsSpan(4, name.IndexOf('.', 4) - 4)) : null;

    /// <summary>Two digits at least, in thousands, millions or billions.</summary>
    private static string SizeLabel(long numbers)
    {
        (double scaled, string unit) = numbers switch
        {
            > 1_000_000_000_000 => (numbers * 1e-12, "T"),
            > 1_000_000_000 => (numbers * 1e-9, "B"),
            > 1_000_000 => (numbers * 1e-6, "M"),
            _ => (numbers * 1e-3, "K"),
        };
        int digits = Math.Round(scaled).ToString(System.Globalization.CultureInfo.InvariantCulture).TrimStart('0').Length;
        return scaled.ToString($"F{Math.Max(2 - digits, 0)}", System.Globalization.CultureInfo.InvariantCulture) + unit;
    }
}
