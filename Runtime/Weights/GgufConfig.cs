using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The config that a GGUF file's keys are: of a language model of the LLaMA architecture, and of an mmproj file beside
/// it.</summary>
/// <remarks>Keys: ggml-org/ggml, docs/gguf.md. One that would change the arithmetic is applied or refused by its name, never
/// ignored.</remarks>
internal static class GgufConfig
{
    private const int ContextCeiling = 1 << 20, HeadsCeiling = 1 << 12, SizeCeiling = 1 << 24, LayersCeiling = 1000,
        FramesCeiling = 1 << 12;

    /// <summary>Keys of the architecture that mean nothing here, or what the tensors say better.</summary>
    private static readonly HashSet<string> Silent = ["llama.vocab_size", "llama.tensor_data_layout"];

    /// <exception cref="BadInputException">A key is missing, impossible, or asks for something that is not implemented.</exception>
    public static VideoLlavaConfig Read(Checkpoint checkpoint)
    {
        GgufKeys keys = checkpoint.Keys!;
        var notices = new List<string>();
        LlamaConfig language = ReadLanguage(checkpoint, keys);
        bool sees = checkpoint.VisionKeys != null, clips = checkpoint.VideoKeys != null;
        string[] unknown = [.. keys.Unasked.Where(key => key.StartsWith("llama.") && !Silent.Contains(key))];
        if (unknown.Length > 0) notices.Add($"{checkpoint.Folder}: unknown keys are ignored: {string.Join(", ", unknown)}");
        string preprocessing = keys.Text(EdgeKeys.Preprocessing) ?? (sees ? EdgeKeys.OriginalPad : EdgeKeys.Original);
        if (preprocessing is not (EdgeKeys.Original or EdgeKeys.OriginalPad or EdgeKeys.Hf))
            throw keys.Unsupported(EdgeKeys.Preprocessing, $"{EdgeKeys.Original}, {EdgeKeys.OriginalPad}, {EdgeKeys.Hf}");
        var config = new VideoLlavaConfig
        {
            Variant = !sees ? ModelVariant.Text : keys.Member<ModelVariant>(EdgeKeys.Naming) ?? ModelVariant.Original,
            Language = language,
            ClipFrames = keys.Int(EdgeKeys.ClipFrames, 1, FramesCeiling) ?? 8,
            PadPictures = preprocessing == EdgeKeys.OriginalPad,
            ImageTokenId = keys.Int(EdgeKeys.ImageToken),
            VideoTokenId = keys.Int(EdgeKeys.VideoToken),
            ExpandedLimit = keys.Int(EdgeKeys.ExpandedLimit, 1),
            EndTokenId = keys.Int("tokenizer.ggml.eot_token_id") ?? keys.Int("tokenizer.ggml.eos_token_id") ?? -1,
            Notices = notices,
        };
        if (config.Variant == ModelVariant.Hf && (config.ImageTokenId == null || config.VideoTokenId == null))
            throw keys.Missing($"{EdgeKeys.ImageToken} or {EdgeKeys.VideoToken}");
        if (sees) config = config with { ImageTower = GgufVision.ReadImageTower(checkpoint, keys) };
        return clips ? config with { VideoTower = GgufVision.ReadVideoTower(checkpoint, config.ImageTower) } : config;
    }

    private static LlamaConfig ReadLanguage(Checkpoint checkpoint, GgufKeys keys)
    {
        if (keys.RequiredText("general.architecture") != "llama") throw keys.Unsupported("general.architecture", "llama");
        if (keys.Int("llama.expert_count") is > 0) throw keys.Unsupported("llama.expert_count", "models without experts");
        if (keys.Int("llama.attention.sliding_window") is > 0)
            throw keys.Unsupported("llama.attention.sliding_window", "attention to the whole context");
        int hidden = keys.RequiredInt("llama.embedding_length", 1, SizeCeiling);
        int heads = keys.RequiredInt("llama.attention.head_count", 1, HeadsCeiling);
        int keyHeads = keys.Int("llama.attention.head_count_kv", 1, HeadsCeiling) ?? heads;
        int headSize = keys.Int("llama.attention.key_length", 2, SizeCeiling) ?? hidden / heads;
        if ((keys.Int("llama.attention.value_length") ?? headSize) != headSize)
            throw keys.Unsupported("llama.attention.value_length", $"that of the keys, {headSize}");
        if ((keys.Int("llama.rope.dimension_count") ?? headSize) != headSize)
            throw keys.Unsupported("llama.rope.dimension_count", $"the whole head, {headSize}");
        if (headSize % 2 != 0 || heads % keyHeads != 0)
        {
            throw new BadInputException(
                $"{checkpoint.Folder}: {heads} heads and {keyHeads} key/value heads of {headSize} contradict each other");
        }
        LlamaTensors names = LlamaTensors.Unsized;
        HostTensor embedding = Embedding(checkpoint, names.Embedding.Name, hidden);
        return new LlamaConfig
        {
            Layers = keys.RequiredInt("llama.block_count", 1, LayersCeiling),
            Hidden = hidden,
            FeedForward = keys.RequiredInt("llama.feed_forward_length", 1, SizeCeiling),
            Heads = heads,
            KeyValueHeads = keyHeads,
            HeadSize = headSize,
            Vocabulary = (int)embedding.Shape[0],
            Context = keys.RequiredInt("llama.context_length", 1, ContextCeiling),
            RmsEpsilon = (float)(keys.Float("llama.attention.layer_norm_rms_epsilon")
                ?? throw keys.Missing("llama.attention.layer_norm_rms_epsilon")),
            RopeTheta = keys.Float("llama.rope.freq_base") is { } theta
                ? theta > 0 ? theta : throw keys.Unsupported("llama.rope.freq_base", "numbers above 0") : 10000,
            RopeDivisors = Divisors(checkpoint, keys, headSize / 2),
            PaddingId = keys.Float("tokenizer.ggml.padding_token_id") is { } padding && padding >= 0 && padding < embedding.Shape[0]
                ? (int)padding : null,
            TiedHead = !checkpoint.Tensors.ContainsKey(names.Head.Name),
        };
    }

    private static HostTensor Embedding(Checkpoint checkpoint, string name, int hidden)
        => checkpoint.Tensors.TryGetValue(name, out HostTensor? tensor) && tensor.Shape is [<= int.MaxValue, var columns]
            && columns == hidden
            ? tensor : throw new BadInputException(
                $"{checkpoint.Folder}: the tensor token_embd.weight is missing or has not rows of {hidden}; this is no language model");

    /// <summary>What the rotary frequencies are divided by: one factor for all, and one for each pair from a tensor of its own.</summary>
    private static float[]? Divisors(Checkpoint checkpoint, GgufKeys keys, int pairs)
    {
        string type = keys.Text("llama.rope.scaling.type") ?? "none";
        if (type is not ("none" or "linear")) throw keys.Unsupported("llama.rope.scaling.type", "none, linear");
        double factor = 1;
        foreach (string key in new[] { "llama.rope.scale_linear", "llama.rope.scaling.factor" })
        {
            double? given = keys.Float(key);
            if (given is not null and not > 0) throw keys.Unsupported(key, "numbers above 0");
            if (given is { } scale && (type == "linear" || key.EndsWith("scale_linear"))) factor = scale;
            else if (given is not null and not 1) throw keys.Unsupported(key, "a scaling of the type linear");
        }
        if (keys.Float("llama.rope.scaling.attn_factor") is not null and not 1)
            throw keys.Unsupported("llama.rope.scaling.attn_factor", "1");
        keys.Int("llama.rope.scaling.original_context_length"); // the factors hold what it is for
        keys.Flag("llama.rope.scaling.finetuned");
        float[]? factors = null;
        if (checkpoint.Remove(GgufNames.RopeFactors) is { } tensor)
        {
            factors = tensor.Type == StorageType.F32 && tensor.Elements == pairs ? tensor.ToFloats() : [];
            if (factors.Length == 0 || factors.Any(number => !float.IsFinite(number) || number <= 0))
                throw new BadInputException($"{checkpoint.Folder}: {tensor} should hold {pairs} F32 numbers above 0");
        }
        if (factors == null && factor == 1) return null;
        return [.. Enumerable.Range(0, pairs).Select(pair => (float)((factors?[pair] ?? 1) * factor))];
    }
}
