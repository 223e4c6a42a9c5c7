namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>One accelerator of this machine, as its driver describes it.</summary>
/// <param name="Id">The name by which the user chooses it, e.g. "opencl:0" or "cuda:1".</param>
/// <param name="Name">The maker's name of the device.</param>
/// <param name="Kind">"CPU", "GPU", "integrated GPU" (it shares the processor's memory) or "accelerator"; an OpenCL
/// driver may well run on the processor.</param>
/// <param name="Driver">Platform or driver, with its version.</param>
/// <param name="Memory">Bytes of device memory, as reported now (some drivers report what is free).</param>
/// <param name="Lacks">What faster kernels could use and this device lacks; the portable kernels need none of it.</param>
internal sealed record DeviceDescription(string Id, string Name, string Kind, string Driver, long Memory, IReadOnlyList<string> Lacks)
{
    /// <summary>What else is known of it, in short phrases: caches, bandwidth, driver. For CUDA devices only.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>Bytes a second of the memory by its clock and the width of its bus; null where that is not known. Of
    /// CUDA devices with memory of their own only.</summary>
    public double? MemoryBandwidth { get; init; }
}
