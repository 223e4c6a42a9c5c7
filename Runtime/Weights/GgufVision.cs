using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The towers of GGUF files: an mmproj file's CLIP vision transformer with LLaVA-1.5's two linears, and a video tower of our
/// own.</summary>
/// <remarks>Keys: ggml-org/llama.cpp, tools/mtmd/clip.cpp and clip-impl.h.</remarks>
internal static class GgufVision
{
    private const int SizeCeiling = 1 << 16, LayersCeiling = 1000;

    /// <summary>CLIP's normalisation of pixels.</summary>
    public static readonly float[] Mean = [0.48145466f, 0.4578275f, 0.40821073f];
    public static readonly float[] Deviation = [0.26862954f, 0.26130258f, 0.27577711f];

    /// <summary>Old converters named the first linear of a layer ffn_down: its rows are then as long as the norm before it.</summary>
    public static bool SwapsFeedForward(GgufTensors file)
        => file.Tensors.TryGetValue("v.blk.0.ffn_down.weight", out HostTensor? down) && down.Shape.Count == 2
            && file.Tensors.TryGetValue("v.blk.0.ln1.weight", out HostTensor? norm) && down.Shape[1] == norm.Elements
            && !(file.Tensors.TryGetValue("v.blk.0.ffn_up.weight", out HostTensor? up) && up.Shape.Count == 2
                && up.Shape[1] == norm.Elements);

    /// <param name="language">Keys of the language model's file, which may know better whose GELU it is.</param>
    /// <exception cref="BadInputException">Another projector, or keys and tensors that contradict each other.</exception>
    public static VisionConfig ReadImageTower(Checkpoint checkpoint, GgufKeys language)
    {
        GgufKeys keys = checkpoint.VisionKeys!;
        if (keys.Flag("clip.has_vision_encoder") != true) throw keys.Missing("clip.has_vision_encoder");
        if ((keys.Text("clip.projector_type") ?? "mlp") != "mlp") throw keys.Unsupported("clip.projector_type", "mlp");
        if (keys.Flag("clip.use_silu") == true) throw keys.Unsupported("clip.use_silu", "GELU and quick GELU");
        Activation activation = keys.Flag("clip.use_gelu") == true ? Activation.Gelu : Activation.QuickGelu;
        return ReadTower(keys, "clip.vision", VisionActivation(language) ?? activation);
    }

    /// <summary>The tower of a file of our own.</summary>
    /// <exception cref="BadInputException">There is no image tower, or keys and tensors contradict each other.</exception>
    public static VisionConfig ReadVideoTower(Checkpoint checkpoint, VisionConfig image)
    {
        const string Prefix = GgufModelFiles.VideoArchitecture;
        GgufKeys keys = checkpoint.VideoKeys!;
        return ReadTower(keys, Prefix, VisionActivation(keys) ?? image.Activation) with
        {
            TemporalFrames = keys.Int($"{Prefix}.temporal_frames", 0, SizeCeiling) ?? 0,
        };
    }

    private static VisionConfig ReadTower(GgufKeys keys, string prefix, Activation activation)
    {
        int size = keys.RequiredInt($"{prefix}.image_size", 1, SizeCeiling), patch = keys.RequiredInt($"{prefix}.patch_size", 1, size);
        int hidden = keys.RequiredInt($"{prefix}.embedding_length", 1, SizeCeiling);
        int heads = keys.RequiredInt($"{prefix}.attention.head_count", 1, hidden);
        int layers = keys.RequiredInt($"{prefix}.block_count", 1, LayersCeiling);
        if (hidden % heads != 0) throw keys.Unsupported($"{prefix}.attention.head_count", $"divisors of {hidden}");
        RequireNormalization(keys, $"{prefix}.image_mean", Mean);
        RequireNormalization(keys, $"{prefix}.image_std", Deviation);
        int grid = size / patch;
        return new VisionConfig
        {
            Layers = layers,
            Hidden = hidden,
            Heads = heads,
            FeedForward = keys.RequiredInt($"{prefix}.feed_forward_length", 1, SizeCeiling),
            Patch = patch,
            Positions = grid * grid + 1,
            LayerNormEpsilon = (float)(keys.Float($"{prefix}.attention.layer_norm_epsilon") ?? 1e-5),
            Activation = activation,
            TemporalFrames = 0,
            FeatureLayers = FeatureLayers(keys, $"{prefix}.feature_layer", layers),
        };
    }

    /// <summary>As our own key says; null where there is none.</summary>
    private static Activation? VisionActivation(GgufKeys keys)
        => keys.Member<Activation>(EdgeKeys.Activation) switch
        {
            null => null,
            Activation.Gelu => Activation.Gelu,
            Activation.QuickGelu => Activation.QuickGelu,
            _ => throw keys.Unsupported(EdgeKeys.Activation, "gelu, quickgelu"),
        };

    /// <summary>How many layers the features come after; without a key all but the last, as llama.cpp has it.</summary>
    private static int FeatureLayers(GgufKeys keys, string key, int layers)
    {
        if (keys.Ints(key, 64) is not { } chosen) return layers - 1;
        if (chosen.Length != 1) throw keys.Unsupported(key, "one layer");
        int layer = chosen[0] < 0 ? layers + 1 + chosen[0] : chosen[0];
        return layer >= 0 && layer <= layers ? layer : throw keys.Unsupported(key, $"a layer of {layers}");
    }

    private static void RequireNormalization(GgufKeys keys, string key, float[] expected)
    {
        bool IsUsual(float[] given) => given.Length == 3 && given.Zip(expected).All(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
        if (keys.Floats(key, 3) is { } given && !IsUsual(given))
            throw keys.Unsupported(key, "CLIP's");
    }
}
