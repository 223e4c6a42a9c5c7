using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Random weights of the real model's shapes: speed can be measured without a download. The answers mean nothing.</summary>
internal static class SyntheticCheckpoint
{
    /// <summary>Video-LLaVA-7B, original layout, with so many of its 32 language layers.</summary>
    public static VideoLlavaConfig Video7B(int languageLayers)
    {
        var image = new VisionConfig
        {
            Layers = 24,
            Hidden = 1024,
            Heads = 16,
            FeedForward = 4096,
            Patch = 14,
            Positions = 257,
            LayerNormEpsilon = 1e-5f,
            Activation = Activation.Gelu,
            TemporalFrames = 0,
            FeatureLayers = 23,
        };
        return new VideoLlavaConfig
        {
            Variant = ModelVariant.Original,
            ImageTower = image,
            VideoTower = image with { TemporalFrames = 8 },
            Language = new LlamaConfig
            {
                Layers = languageLayers,
                Hidden = 4096,
                FeedForward = 11008,
                Heads = 32,
                KeyValueHeads = 32,
                HeadSize = 128,
                Vocabulary = 32000,
                Context = 4096,
                RmsEpsilon = 1e-5f,
                RopeTheta = 10000,
                TiedHead = false,
            },
            ClipFrames = 8,
            PadPictures = true,
            EndTokenId = 2,
        };
    }

    /// <summary>All tensors of a config, filled with small random numbers.</summary>
    /// <param name="type">
    /// Of every tensor, F32, F16 or BF16; or a block type of the language model's seven linears, and all others are F16, as
    /// <see cref="LoadOptions.LanguageWeights"/> would have it.
    /// </param>
    /// <param name="sharedMemory">
    /// Tensors of one type lie in the same memory, as large as the largest: enough where each is copied to a device, and 14 GB less for the
    /// 7B model. On the processor they would meet again in its cache.
    /// </param>
    public static Checkpoint Create(VideoLlavaConfig config, StorageType type, bool sharedMemory = false)
    {
        var memory = new RandomMemory();
        (TensorSpec Tensor, StorageType Type)[] all = All(config, type);
        Dictionary<StorageType, nint> shared = !sharedMemory ? []
            : all.GroupBy(entry => entry.Type)
                .ToDictionary(group => group.Key, group => memory.Allocate(group.Key, group.Max(entry => entry.Tensor.Elements)));
        return Create(type, all, memory, (tensor, stored)
            => shared.TryGetValue(stored, out nint one) ? one : memory.Allocate(stored, tensor.Elements));
    }

    /// <summary>Names, types and shapes of all tensors without a single number: for forecasts, and not to be read.</summary>
    public static Checkpoint Outline(VideoLlavaConfig config, StorageType type)
        => Create(type, All(config, type), new RandomMemory(), (_, _) => 0);

    private static Checkpoint Create(StorageType type, (TensorSpec Tensor, StorageType Type)[] all, RandomMemory memory,
        Func<TensorSpec, StorageType, nint> place)
        => new($"synthetic {type}", all.ToDictionary(entry => entry.Tensor.Name,
            entry => new HostTensor(entry.Tensor.Name, entry.Type, entry.Tensor.Shape, place(entry.Tensor, entry.Type))), memory);

    private static (TensorSpec Tensor, StorageType Type)[] All(VideoLlavaConfig config, StorageType type)
        => [.. new ModelTensors(config).Stored.Select(entry => (entry.Tensor, TypeOf(entry.Parameter, type)))];

    private static StorageType TypeOf(ParameterSpec parameter, StorageType type)
        => !type.IsBlock() ? type : parameter.IsLanguageLinear ? type.ForRows(parameter.Columns) : StorageType.F16;
}
