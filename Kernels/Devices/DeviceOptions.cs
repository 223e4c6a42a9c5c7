using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>How a device computes; the device chooses what is null.</summary>
/// <param name="Threads">Worker threads of the CPU device; 0 = one for each core.</param>
/// <param name="Compute">Type of the activations: F32, or F16 (not on the CPU device). Null: F16 on a GPU, F32 on
/// everything that is a processor.</param>
/// <param name="Tier">Kernels of an ILGPU device. Null: what its hardware is made for.</param>
/// <param name="DeepTiles">Products on tensor cores keep four steps in shared memory instead of three, where a group
/// may have 64 KB of it; the results are the same bits.</param>
internal sealed record DeviceOptions(int Threads = 0, StorageType? Compute = null, KernelTier? Tier = null, bool DeepTiles = false)
{
    /// <summary>The processor multiplies weights in blocks with x in float32 instead of x rounded to bytes: slower, and what every other
    /// device is compared with.</summary>
    public bool IsExact { get; init; }

    /// <summary>Whether <see cref="ComputeQueue.Profile"/> may be called: OpenCL's queues have time stamps only if created so.</summary>
    public bool TimesLaunches { get; init; }

    /// <summary>CUDA: the text keeps ILGPU's claims that lanes branch together, of which some are false: to measure what leaving them out
    /// costs, and for nothing else.</summary>
    public bool KeepsUniformClaims { get; init; }
}
