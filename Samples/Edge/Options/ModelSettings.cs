using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>What the user chose with <see cref="ModelOptions"/>.</summary>
/// <param name="Folder">The checkpoint's folder; it may not exist.</param>
/// <param name="Device">cpu, ilgpu-cpu, opencl[:n], cuda[:n] or auto.</param>
/// <param name="Compute">Type of the activations; null for what the device is made for.</param>
/// <param name="Weights">Storage type of the language model's linears; null for as stored.</param>
/// <param name="Kernels">Tier of kernels; null for what the device is made for.</param>
/// <param name="Threads">Worker threads; null for one a core.</param>
internal sealed record ModelSettings(string Folder, string Device, StorageType? Compute, StorageType? Weights, StorageType? KvCache,
    KernelTier? Kernels, int? Threads)
{
    /// <summary>The checkpoint's files, which no output may be.</summary>
    public IEnumerable<string> Files => Checkpoint.Files(Folder);

    /// <summary>Whether the start and the end of an answer say all that is known.</summary>
    public bool Verbose { get; init; }

    /// <summary>What to call the model.</summary>
    public required string ModelName { get; init; }

    /// <summary>Storage type of the encoders' linears; null for as stored.</summary>
    public StorageType? EncoderWeights { get; init; }

    /// <summary>Products on tensor cores take <see cref="DeviceOptions.DeepTiles"/>.</summary>
    public bool DeepTiles { get; init; }

    /// <summary><see cref="DeviceOptions.IsExact"/>.</summary>
    public bool Exact { get; init; }

    /// <summary>Whether each launch of a kernel will be timed.</summary>
    public bool TimesLaunches { get; init; }
}
