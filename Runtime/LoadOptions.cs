using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime;

/// <summary>How a checkpoint is loaded.</summary>
/// <param name="AllVisionLayers">Loads the towers' last layers too, which no feature needs: for a trace.</param>
/// <param name="AvailableMemory">Host bytes that may be used; null = what the system says is free.</param>
/// <param name="LanguageWeights">
/// Storage type of the language model's seven linears (q, k, v, o, gate, up, down), which are converted while loading; null = as stored.
/// Embedding, head, norms, towers and projector stay as stored.
/// </param>
/// <param name="KvCache">Type of the KV caches: I8, bytes with a scale for each position and head; null = that of the device's activations.</param>
public sealed record LoadOptions(bool AllVisionLayers = false, long? AvailableMemory = null, StorageType? LanguageWeights = null, StorageType? KvCache = null)
{
    /// <summary>The type of the KV caches on a device.</summary>
    /// <exception cref="ArgumentException">There are no caches of that type.</exception>
    internal StorageType CacheOn(ComputeDevice device) => KvCache is null or StorageType.I8 ? KvCache ?? device.ActivationType
        : throw new ArgumentException($"KV caches are of the activations' type or I8, not {KvCache}");
}
