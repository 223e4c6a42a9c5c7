namespace EdgeVideoLlava.Runtime;

/// <summary>How a checkpoint is loaded.</summary>
/// <param name="AllVisionLayers">Loads the towers' last layers too, which no feature needs: for a trace.</param>
/// <param name="AvailableMemory">Host bytes that may be used; null = what the system says is free.</param>
public sealed record LoadOptions(bool AllVisionLayers = false, long? AvailableMemory = null);
