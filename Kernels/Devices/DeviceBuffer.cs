using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>A piece of device memory holding one kind of number.</summary>
internal abstract class DeviceBuffer(ComputeDevice device, StorageType type, long elements) : IDisposable
{
    public ComputeDevice Device { get; } = device;
    public StorageType Type { get; } = type;
    public long Elements { get; } = elements;
    public abstract void Dispose();
}
