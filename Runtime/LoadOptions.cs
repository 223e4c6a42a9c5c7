using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime;

/// <summary>How a checkpoint is loaded.</summary>
/// <param name="AllVisionLayers">Loads the towers' last layers too, which no feature needs: for a trace.</param>
/// <param name="AvailableMemory">Host bytes that may be used; null = what the system says is free.</param>
/// <param name="LanguageWeights">
/// Storage type of the language model's seven linears (q, k, v, o, gate, up, down), which are converted while loading; null = as stored.
/// Embedding, head, norms, towers and projector stay as stored.
/// </param>
public sealed record LoadOptions(bool AllVisionLayers = false, long? AvailableMemory = null, StorageType? LanguageWeights = null);
