using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The image tower and projector of an mmproj file: a CLIP vision transformer and LLaVA-1.5's two linears.</summary>
/// <remarks>Keys: ggml-org/llama.cpp, tools/mtmd/clip.cpp and clip-impl.h.</remarks>
internal static class GgufVision
{
    private const int SizeCeiling = 1 << 16, LayersCeiling = 1000;

    private static readonly float[] ClipMean = [0.48145466f, 0.4578275f, 0.40821073f];
    private static readonly float[] ClipDeviation = [0.26862954f, 0.26130258f, 0.27577711f];

    /// <summary>Old converters named the first linear of a layer ffn_down: its rows are then as long as the norm before it.</summary>
    public static bool SwapsFeedForward(GgufTensors file)
        => file.Tensors.TryGetValue("v.blk.0.ffn_down.weight", out HostTensor? down) && down.Shape.Count == 2
            && file.Tensors.TryGetValue("v.blk.0.ln1.weight", out HostTensor? norm) && down.Shape[1] == norm.Elements
            && !(file.Tensors.TryGetValue("v.blk.0.ffn_up.weight", out HostTensor? up) && up.Shape.Count == 2
                && up.Shape[1] == norm.Elements);

    /// <exception cref="BadInputException">Another projector, or keys and tensors that contradict each other.</exception>
    public static VisionConfig ReadTower(Checkpoint checkpoint)
    {
        GgufKeys keys = checkpoint.VisionKeys!;
        if (keys.Flag("clip.has_vision_encoder") != true) throw keys.Missing("clip.has_vision_encoder");
        if ((keys.Text("clip.projector_type") ?? "mlp") != "mlp") throw keys.Unsupported("clip.projector_type", "mlp");
        if (keys.Flag("clip.use_silu") == true) throw keys.Unsupported("clip.use_silu", "GELU and quick GELU");
        int size = keys.RequiredInt("clip.vision.image_size", 1, SizeCeiling), patch = keys.RequiredInt("clip.vision.patch_size", 1, size);
        int hidden = keys.RequiredInt("clip.vision.embedding_length", 1, SizeCeiling);
        int heads = keys.RequiredInt("clip.vision.attention.head_count", 1, hidden);
        int layers = keys.RequiredInt("clip.vision.block_count", 1, LayersCeiling);
        if (hidden % heads != 0) throw keys.Unsupported("clip.vision.attention.head_count", $"divisors of {hidden}");
        RequireNormalization(keys, "clip.vision.image_mean", ClipMean);
        RequireNormalization(keys, "clip.vision.image_std", ClipDeviation);
        int grid = size / patch;
        return new VisionConfig
        {
            Layers = layers,
            Hidden = hidden,
            Heads = heads,
            FeedForward = keys.RequiredInt("clip.vision.feed_forward_length", 1, SizeCeiling),
            Patch = patch,
            Positions = grid * grid + 1,
            LayerNormEpsilon = (float)(keys.Float("clip.vision.attention.layer_norm_epsilon") ?? 1e-5),
            Activation = keys.Flag("clip.use_gelu") == true ? Activation.Gelu : Activation.QuickGelu,
            TemporalFrames = 0,
            FeatureLayers = FeatureLayers(keys, layers),
        };
    }

    /// <summary>How many layers the features come after; without a key all but the last, as llama.cpp has it.</summary>
    private static int FeatureLayers(GgufKeys keys, int layers)
    {
        const string Key = "clip.vision.feature_layer";
        if (keys.Ints(Key, 64) is not { } chosen) return layers - 1;
        if (chosen.Length != 1) throw keys.Unsupported(Key, "one layer");
        int layer = chosen[0] < 0 ? layers + 1 + chosen[0] : chosen[0];
        return layer >= 0 && layer <= layers ? layer : throw keys.Unsupported(Key, $"a layer of {layers}");
    }

    private static void RequireNormalization(GgufKeys keys, string key, float[] expected)
    {
        bool IsUsual(float[] given) => given.Length == 3 && given.Zip(expected).All(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
        if (keys.Floats(key, 3) is { } given && !IsUsual(given))
            throw keys.Unsupported(key, "CLIP's");
    }
}
