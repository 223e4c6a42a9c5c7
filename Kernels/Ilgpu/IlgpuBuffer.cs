using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Memory of an accelerator. Disposed while work on it is in flight, it is released once that work is done.</summary>
internal class IlgpuBuffer(IlgpuDevice device, StorageType type, long elements, MemoryBuffer memory) : DeviceBuffer(device, type, elements)
{
    private MemoryBuffer? memory = memory;

    public MemoryBuffer Memory => memory ?? throw new ObjectDisposedException(nameof(IlgpuBuffer));

    public override void Dispose()
    {
        MemoryBuffer? released = Interlocked.Exchange(ref memory, null);
        if (released != null) ((IlgpuDevice)Device).Retire(released);
    }
}
