using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Runtime;

/// <summary>How an assistant computes; what is unset, the device and the checkpoint choose.</summary>
public sealed record AssistantOptions
{
    /// <summary>cpu, opencl[:n], cuda[:n], ilgpu-cpu, or auto: a GPU where there is one, else the processor.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Worker threads of the processor; 0: one for each core. The answer does not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>Type of the activations; unset: fp16 on a GPU, fp32 elsewhere.</summary>
    public ComputeType? Compute { get; init; }

    /// <summary>The processor multiplies weights in blocks (GGUF's, or <see cref="Weights"/>) with activations in float32. Else it rounds
    /// the activations of such a product to bytes, 32 to a scale, which is many times as fast.</summary>
    public bool Exact { get; init; }

    /// <summary>Type that the language model's linear layers are converted to while loading; unset: as stored.</summary>
    public WeightType? Weights { get; init; }

    /// <summary>Type that the encoders' linear layers are converted to while loading; unset: as stored. On a processor
    /// <see cref="WeightType.Q8_0"/> makes encoding faster and changes features a little.</summary>
    public WeightType? EncoderWeights { get; init; }

    /// <summary>Type of the KV caches; unset: the activations'.</summary>
    public CacheType? KvCache { get; init; }

    /// <summary>Preprocessing of pictures and clips; unset: the checkpoint's own.</summary>
    public PreprocessPreset? Preset { get; init; }

    /// <summary>Host bytes that may be used; unset: what the system says is free.</summary>
    public long? AvailableMemory { get; init; }

    /// <summary>Told, on any thread, what was done differently than asked and what nobody disposed, one line each.</summary>
    public Action<string>? Warn { get; init; }

    internal LoadOptions Loading => new(AvailableMemory: AvailableMemory, LanguageWeights: Weights?.Storage, KvCache: KvCache?.Storage,
        TowerWeights: EncoderWeights?.Storage);

    internal ComputeDevice Open() => ComputeDevices.Open(Device, new DeviceOptions(Threads, Compute?.Storage) { IsExact = Exact });
}
