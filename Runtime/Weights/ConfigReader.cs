using System.Text.Json;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The one reader of third-party config.json files.</summary>
/// <remarks>Sizes come from the tensors, the rest from here, absent keys by the reference classes' defaults.</remarks>
internal sealed class ConfigReader
{
    /// <summary>Keys that say nothing about the forward pass, or what the tensors say better.</summary>
    private static readonly HashSet<string> Ignored =
    [
        "architectures", "model_type", "torch_dtype", "dtype", "transformers_version", "initializer_range", "initializer_factor",
        "use_cache", "pretraining_tp", "bos_token_id", "eos_token_id", "pad_token_id", "ignore_index", "attention_dropout", "vocab_size",
        "num_hidden_layers", "hidden_size", "intermediate_size", "projection_dim", "num_channels", "image_size", "patch_size",
        "image_seq_length", "video_seq_length", "_name_or_path", "freeze_mm_mlp_adapter", "tune_mm_mlp_adapter", "mm_hidden_size",
        "mm_use_im_patch_token", "mm_use_x_patch_token", "use_mm_proj", "image_grid_pinpoints", "X", "num_frames", "video_decode_backend",
        "tokenizer_padding_side", "multimodal_projector_bias", "return_dict", "output_attentions",
    ];

    /// <summary>Positions and heads that no model of this kind reaches: what asks for more is broken, or means harm.</summary>
    private const int ContextCeiling = 1 << 20, HeadsCeiling = 1 << 12;

    private readonly Checkpoint checkpoint;
    private readonly ForeignConfig root;
    private readonly List<string> notices = [];

    private ConfigReader(Checkpoint checkpoint, ForeignConfig root)
    {
        this.checkpoint = checkpoint;
        this.root = root;
    }

    /// <summary>Reads config.json beside the shards, or the keys of a GGUF file.</summary>
    /// <exception cref="BadInputException">It is missing, broken, or asks for something that is not implemented.</exception>
    public static VideoLlavaConfig Read(Checkpoint checkpoint)
    {
        if (checkpoint.Keys != null) return GgufConfig.Read(checkpoint);
        string path = Path.Combine(checkpoint.ConfigFolder, "config.json");
        using JsonDocument document = JsonFile.Read(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new BadInputException($"{path}: no JSON object");
        return new ConfigReader(checkpoint, new ForeignConfig(document.RootElement, path)).Read();
    }

    private VideoLlavaConfig Read()
    {
        ModelVariant variant = checkpoint.IsOriginal ? ModelVariant.Original : ModelVariant.Hf;
        ForeignConfig? vision = root.Object("vision_config");
        bool saysItSees = vision != null || root.Text("mm_image_tower", "").Length > 0;
        if (!saysItSees && checkpoint.Tensors.Keys.All(LlamaTensors.Has)) return ReadText();
        ForeignConfig text = variant == ModelVariant.Original ? root
            : root.Object("text_config") ?? throw new BadInputException($"{root.Where}: text_config is missing");
        if (variant == ModelVariant.Original) RequireOriginal();
        else RequireHf();
        int selectLayer = root.Int(variant == ModelVariant.Original ? "mm_vision_select_layer" : "vision_feature_layer", -2);
        LlamaConfig language = ReadLanguage(text);
        VisionConfig image = ReadTower(ModelPart.ImageTower, variant, vision, selectLayer);
        VisionConfig video = ReadTower(ModelPart.VideoTower, variant, vision, selectLayer);
        string aspect = root.Text("image_aspect_ratio", "square");
        int? imageId = variant == ModelVariant.Hf ? root.Int("image_token_index", 32000) : null;
        int? videoId = variant == ModelVariant.Hf ? root.Int("video_token_index", 32001) : null;
        int endId = text.Int("eos_token_id", root.Int("eos_token_id", 2));
        int? limit = root.Int("tokenizer_model_max_length") == null ? null : root.Int("tokenizer_model_max_length", 0, 1, int.MaxValue);
        foreach (ForeignConfig part in new[] { root, text, vision }.OfType<ForeignConfig>().Distinct())
        {
            string[] unknown = [.. part.Unknown(Ignored)];
            if (unknown.Length > 0) notices.Add($"{part.Where}: unknown keys are ignored: {string.Join(", ", unknown)}");
        }
        return new VideoLlavaConfig
        {
            Variant = variant,
            ImageTower = image,
            VideoTower = video,
            Language = language,
            ClipFrames = video.TemporalFrames > 0 ? video.TemporalFrames : 8,
            PadPictures = aspect == "pad",
            ImageTokenId = imageId,
            VideoTokenId = videoId,
            EndTokenId = endId,
            ExpandedLimit = limit,
            Notices = notices,
        };
    }

    /// <summary>A LLaMA alone (LlamaForCausalLM).</summary>
    private VideoLlavaConfig ReadText()
    {
        LlamaConfig language = ReadLanguage(root);
        int endId = root.Int("eos_token_id", 2);
        string[] unknown = [.. root.Unknown(Ignored)];
        if (unknown.Length > 0) notices.Add($"{root.Where}: unknown keys are ignored: {string.Join(", ", unknown)}");
        return new VideoLlavaConfig
        {
            Variant = ModelVariant.Text,
            Language = language,
            ClipFrames = 8,
            PadPictures = false,
            EndTokenId = endId,
            Notices = notices,
        };
    }

    private void RequireOriginal()
    {
        root.Require("mm_projector_type", "mlp2x_gelu", "mlp2x_gelu");
        root.Require("mm_vision_select_feature", "patch", "patch");
        root.RequireFalse("mm_use_im_start_end");
        root.RequireFalse("mm_use_x_start_end");
        root.Text("mm_image_tower", "");
        root.Text("mm_video_tower", "");
    }

    private void RequireHf()
    {
        root.Require("projector_hidden_act", "gelu", "gelu");
        root.Require("vision_feature_select_strategy", "default", "default");
        root.Flag("tie_word_embeddings", false);
    }

    /// <summary>LlamaConfig's defaults; layers, hidden, feed-forward and vocabulary are those of the tensors.</summary>
    private LlamaConfig ReadLanguage(ForeignConfig text)
    {
        text.Require("hidden_act", "silu", "silu");
        text.RequireFalse("attention_bias");
        text.RequireFalse("mlp_bias");
        LlamaTensors names = LlamaTensors.Unsized;
        LlamaBlockTensors block = names.Blocks[0];
        HostTensor embedding = Need(names.Embedding.Tensors[0]), gate = Need(block.GateUp.Tensors[0]);
        HostTensor query = Need(block.Qkv.Tensors[0]), key = Need(block.Qkv.Tensors[1]);
        int hidden = (int)embedding.Shape[1], heads = text.Int("num_attention_heads", 32, 1, HeadsCeiling);
        int headSize = text.Int("head_dim", hidden / heads), keyHeads = text.Int("num_key_value_heads", heads);
        bool fits = query.Shape[0] == (long)heads * headSize && key.Shape[0] == (long)keyHeads * headSize;
        if (headSize < 2 || headSize % 2 != 0 || keyHeads < 1 || heads % keyHeads != 0 || !fits)
        {
            throw new BadInputException($"{text.Where}: {heads} heads and {keyHeads} key/value heads of {headSize} contradict "
                + $"the tensors' shapes (q_proj has {query.Shape[0]} rows, k_proj {key.Shape[0]})");
        }
        return new LlamaConfig
        {
            Layers = CountLayers(LlamaTensors.LayerPrefix),
            Hidden = hidden,
            FeedForward = (int)gate.Shape[0],
            Heads = heads,
            KeyValueHeads = keyHeads,
            HeadSize = headSize,
            Vocabulary = (int)embedding.Shape[0],
            Context = text.Int("max_position_embeddings", 2048, 1, ContextCeiling),
            RmsEpsilon = (float)text.Number("rms_norm_eps", 1e-6, orZero: true),
            RopeTheta = RopeTheta(text),
            PaddingId = text.Int("pad_token_id") is { } padding && padding >= 0 && padding < embedding.Shape[0] ? padding : null,
            TiedHead = (text.Flag("tie_word_embeddings", false) || root.Flag("tie_word_embeddings", false))
                && !checkpoint.Tensors.ContainsKey(names.Head.Name),
        };
    }

    /// <summary>rope_theta, or transformers 5's rope_parameters; any scaling is another model.</summary>
    private static double RopeTheta(ForeignConfig text)
    {
        if (text.Object("rope_scaling") is { } scaling) scaling.Require("type", scaling.Text("rope_type", "default"), "default");
        double theta = text.Number("rope_theta", 10000, orZero: false);
        if (text.Object("rope_parameters") is not { } parameters) return theta;
        parameters.Require("rope_type", "default", "default");
        return parameters.Number("rope_theta", theta, orZero: false);
    }

    private VisionConfig ReadTower(ModelPart part, ModelVariant variant, ForeignConfig? vision, int selectLayer)
    {
        TowerTensors names = TowerTensors.Unsized(part);
        string tower = ModelTensors.Prefix(part).TrimEnd('.');
        HostTensor patch = Need(names.Patch.Tensors[0]), position = Need(names.Position.Tensors[0]);
        HostTensor wide = Need(names.Blocks[0].Fc1.Tensors[0]);
        int layers = CountLayers(TowerTensors.LayerPrefix(part)), hidden = (int)patch.Shape[0], positions = (int)position.Shape[0];
        int grid = (int)Math.Round(Math.Sqrt(positions - 1));
        if (grid * grid != positions - 1 || patch.Shape[1] != 3 || patch.Shape[2] != patch.Shape[3])
        {
            throw new BadInputException($"{checkpoint.Folder}: {tower} has {positions} positions and patches {patch}; "
                + "a square of patches and a class embedding are wanted");
        }
        int features = layers + 1 + selectLayer;
        if (selectLayer >= 0) features = selectLayer;
        if (features < 0 || features > layers)
            throw new BadInputException($"{root.Where}: the features' layer {selectLayer} does not exist in {layers} layers");
        checkpoint.Tensors.TryGetValue(names.Blocks[0].TemporalEmbedding!.Name, out HostTensor? temporal);
        ForeignConfig? source = vision;
        using JsonDocument? other = source == null ? TowerConfig(tower, out source) : null;
        int heads = source?.Int("num_attention_heads") ?? AssumedHeads(tower, hidden);
        if (heads < 1 || hidden % heads != 0)
            throw new BadInputException($"{source?.Where ?? root.Where}: {heads} heads do not divide the hidden size {hidden}");
        string usual = variant == ModelVariant.Hf ? "quick_gelu" : "gelu", act = source?.Text("hidden_act", usual) ?? usual;
        return new VisionConfig
        {
            Layers = layers,
            Hidden = hidden,
            Heads = heads,
            FeedForward = (int)wide.Shape[0],
            Patch = (int)patch.Shape[2],
            Positions = positions,
            LayerNormEpsilon = (float)(source?.Number("layer_norm_eps", 1e-5, orZero: true) ?? 1e-5),
            Activation = act switch
            {
                "gelu" => Activation.Gelu,
                "quick_gelu" => Activation.QuickGelu,
                _ => throw new BadInputException($"{source?.Where}: hidden_act is \"{act}\"; supported: gelu, quick_gelu"),
            },
            TemporalFrames = temporal == null ? 0 : (int)temporal.Shape[1],
            FeatureLayers = features,
        };
    }

    /// <summary>vision_config of the tower's own folder: as mm_image_tower ends, in the checkpoint, its or a sibling's towers/.</summary>
    private JsonDocument? TowerConfig(string tower, out ForeignConfig? config)
    {
        config = null;
        if (CheckpointParts.Named(checkpoint.ConfigFolder, $"mm_{tower}") is not { } name) return null;
        string? path = CheckpointParts.Places(checkpoint.Folder, name).Select(place => Path.Combine(place, "config.json"))
            .FirstOrDefault(File.Exists);
        if (path == null) return null;
        JsonDocument document = JsonFile.Read(path);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            config = new ForeignConfig(document.RootElement, path).Object("vision_config");
        return document;
    }

    private int AssumedHeads(string tower, int hidden)
    {
        int heads = Math.Max(1, hidden / 64);
        notices.Add($"{tower}: no file gives its number of heads; {heads} heads of {hidden / heads} are assumed");
        return heads;
    }

    /// <summary>The tensor of a spec's name, with as many axes; the sizes are its own.</summary>
    private HostTensor Need(TensorSpec spec)
    {
        if (!checkpoint.Tensors.TryGetValue(spec.Name, out HostTensor? tensor))
            throw new BadInputException($"{checkpoint.Folder}: tensor {spec.Name} is missing; "
                + "this is not a complete Video-LLaVA checkpoint");
        if (tensor.Shape.Count != spec.Shape.Length || tensor.Shape.Any(size => size is < 1 or > int.MaxValue))
            throw new BadInputException($"{checkpoint.Folder}: {tensor} should have {spec.Shape.Length} axes");
        return tensor;
    }

    private int CountLayers(string prefix)
    {
        int count = 0;
        foreach (string name in checkpoint.Tensors.Keys)
        {
            if (!name.StartsWith(prefix)) continue;
            ReadOnlySpan<char> rest = name.AsSpan(prefix.Length);
            int dot = rest.IndexOf('.');
            if (dot > 0 && int.TryParse(rest[..dot], out int layer) && layer is >= 0 and < 1000) count = Math.Max(count, layer + 1);
        }
        return count;
    }
}
