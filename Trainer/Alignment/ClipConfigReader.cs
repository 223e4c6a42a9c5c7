using System.Text.Json;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>Reads the config.json of a two-tower model: CLIP's of transformers, LanguageBind's.</summary>
internal static class ClipConfigReader
{
    private const int Most = 1 << 20;

    /// <exception cref="BadInputException">There is none, or its numbers make no model.</exception>
    public static ClipConfig Read(string folder)
    {
        string path = Path.Combine(folder, "config.json");
        using JsonDocument document = JsonFile.Read(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new BadInputException($"{path}: no JSON object");
        var root = new ForeignConfig(document.RootElement, path);
        ForeignConfig vision = root.Object("vision_config") ?? throw Missing("vision_config");
        ForeignConfig text = root.Object("text_config") ?? throw Missing("text_config");
        int size = vision.Int("image_size", 224, 1, 8192), patch = vision.Int("patch_size", 32, 1, 8192);
        if (size % patch != 0) throw new BadInputException($"{vision.Where}: patches of {patch} do not divide pictures of {size}");
        int frames = vision.Flag("add_time_attn", false) ? vision.Int("num_frames", 8, 1, 1024) : 0;
        int positions = 1 + size / patch * (size / patch);
        VisionConfig seen = Layers(vision, 768, 3072, 12, positions) with { Patch = patch, TemporalFrames = frames };
        VisionConfig read = Layers(text, 512, 2048, 8, text.Int("max_position_embeddings", 77, 1, Most));
        return new ClipConfig(seen, new TextConfig(read, text.Int("vocab_size", 49408, 2, Most)), root.Int("projection_dim", 512, 2, Most));

        BadInputException Missing(string part)
            => new($"{path}: no {part}; the stage alignment takes a model of two towers, as CLIP's of transformers");
    }

    private static VisionConfig Layers(ForeignConfig part, int hidden, int wide, int heads, int positions)
    {
        int layers = part.Int("num_hidden_layers", 12, 1, 1024);
        (hidden, heads) = (part.Int("hidden_size", hidden, 1, Most), part.Int("num_attention_heads", heads, 1, Most));
        if (hidden % heads != 0) throw new BadInputException($"{part.Where}: {heads} heads do not divide the hidden size {hidden}");
        return new VisionConfig
        {
            Layers = layers,
            Hidden = hidden,
            Heads = heads,
            FeedForward = part.Int("intermediate_size", wide, 1, Most),
            Patch = 0,
            Positions = positions,
            LayerNormEpsilon = (float)part.Number("layer_norm_eps", 1e-5, orZero: true),
            Activation = part.Text("hidden_act", "quick_gelu") switch
            {
                "gelu" => Activation.Gelu,
                "quick_gelu" => Activation.QuickGelu,
                string other => throw new BadInputException($"{part.Where}: hidden_act is \"{other}\"; supported: gelu, quick_gelu"),
            },
            TemporalFrames = 0,
            FeatureLayers = layers,
        };
    }
}
