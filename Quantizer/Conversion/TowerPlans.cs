using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>The files of the towers: an mmproj file of image tower and projector, and a file of our own of the video tower.</summary>
/// <remarks>
/// The mmproj file has the keys and names that old and new versions of llama.cpp read (its tools/mtmd/clip.cpp): the first linear of a
/// layer is ffn_down, all layers are there, and feature_layer says how many run. A norm behind the last layer would be applied to the
/// features by llama.cpp; it is left out.
/// </remarks>
internal sealed class TowerPlans(Checkpoint checkpoint, VideoLlavaConfig config, QuantizerOptions options)
{
    private StorageType Matrices => options.Type.Most == StorageType.F32 ? StorageType.F32 : StorageType.F16;

    public FilePlan Image(string name, string file)
    {
        VisionConfig tower = config.ImageTower;
        const string Prefix = "clip.vision";
        GgufKey[] keys =
        [
            GgufKey.Of("general.architecture", GgufModelFiles.VisionArchitecture), GgufKey.Of("general.type", "mmproj"),
            GgufKey.Of("general.name", name), GgufKey.Of("general.file_type", FileTypeNumber), GgufKey.Of("clip.has_text_encoder", false),
            GgufKey.Of("clip.has_vision_encoder", true), GgufKey.Of("clip.has_llava_projector", true),
            GgufKey.Of("general.description", "image encoder for LLaVA"), GgufKey.Of("clip.projector_type", "mlp"),
            GgufKey.Of("clip.use_gelu", tower.Activation == Activation.Gelu), .. Sizes(tower, Prefix, config.Language.Hidden),
        ];
        ModelTensors tensors = new(config);
        return new FilePlan("image tower and projector", file, keys,
            [.. Plans(tensors.ImageTower.Used(allLayers: true), swaps: true), .. Plans(tensors.Projector.Parameters, swaps: true)]);
    }

    public FilePlan Video(string name, string file)
    {
        VisionConfig tower = config.VideoTower;
        const string Prefix = GgufModelFiles.VideoArchitecture;
        GgufKey[] keys =
        [
            GgufKey.Of("general.architecture", Prefix), GgufKey.Of("general.type", "mmproj"), GgufKey.Of("general.name", name),
            GgufKey.Of("general.file_type", FileTypeNumber), GgufKey.Of(EdgeKeys.Activation, EdgeKeys.Word(tower.Activation)),
            GgufKey.Of($"{Prefix}.temporal_frames", (uint)tower.TemporalFrames), .. Sizes(tower, Prefix, config.Language.Hidden),
        ];
        return new FilePlan("video tower", file, keys, [.. Plans(new ModelTensors(config).VideoTower.Used(allLayers: true), swaps: false)]);
    }

    private uint FileTypeNumber => Matrices == StorageType.F32 ? 0u : 1u;

    private static GgufKey[] Sizes(VisionConfig tower, string prefix, int projected)
    {
        return
        [
            Of("image_size", tower.ImageSize), Of("patch_size", tower.Patch), Of("embedding_length", tower.Hidden),
            Of("feed_forward_length", tower.FeedForward), Of("projection_dim", projected), Of("block_count", tower.Layers),
            Of("attention.head_count", tower.Heads), GgufKey.Of($"{prefix}.attention.layer_norm_epsilon", tower.LayerNormEpsilon),
            GgufKey.Of($"{prefix}.feature_layer", [tower.FeatureLayers]), GgufKey.Of($"{prefix}.image_mean", GgufVision.Mean),
            GgufKey.Of($"{prefix}.image_std", GgufVision.Deviation),
        ];

        GgufKey Of(string key, int value) => GgufKey.Of($"{prefix}.{key}", (uint)value);
    }

    /// <summary>In the order of llama.cpp's converter: the class row first, every bias behind its weight.</summary>
    private IEnumerable<TensorPlan> Plans(IEnumerable<ParameterSpec> parameters, bool swaps)
        => parameters.OrderBy(parameter => parameter.Role == ParameterRole.Class ? 0 : 1)
            .SelectMany(parameter => parameter.Tensors.Select(tensor => (Parameter: parameter, Tensor: tensor)))
            .GroupBy(entry => entry.Tensor.Name[..entry.Tensor.Name.LastIndexOf('.')])
            .SelectMany(group => group.Select(entry => Plan(entry.Parameter, entry.Tensor, swaps)));

    private TensorPlan Plan(ParameterSpec parameter, TensorSpec spec, bool swaps)
    {
        string name = GgufNames.InFile(spec.Name, swaps);
        StorageType type = parameter.IsWeight ? Overrides.Find(options, name, (int)spec.Shape[^1]) ?? Matrices : StorageType.F32;
        return new TensorPlan(name, checkpoint.Tensors[spec.Name], type, [.. spec.Shape]);
    }
}
