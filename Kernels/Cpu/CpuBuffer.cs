using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>Memory of its own, or a view of another owner's (a mapped file).</summary>
internal sealed class CpuBuffer : DeviceBuffer
{
    private readonly HostMemory? memory;

    private CpuBuffer(ComputeDevice device, StorageType type, long elements, nint address, HostMemory? memory)
        : base(device, type, elements)
    {
        Address = address;
        this.memory = memory;
    }

    public nint Address { get; private set; }

    public static CpuBuffer Allocate(ComputeDevice device, StorageType type, long elements)
    {
        long bytes = Bytes(type, elements);
        var memory = new HostMemory(bytes, mebibytes
            => $"cpu: no memory for {mebibytes} MiB more ({device.AllocatedBytes >> 20} MiB in use); use a smaller model or storage type");
        device.CountAllocation(bytes);
        return new CpuBuffer(device, type, elements, memory.Address, memory);
    }

    public static CpuBuffer Wrap(ComputeDevice device, StorageType type, long elements, nint address)
        => new(device, type, elements, address, null);

    /// <summary>What <see cref="Allocate"/> takes.</summary>
    public static long Bytes(StorageType type, long elements) => Math.Max(64, type.Bytes(elements));

    public override void Dispose()
    {
        if (memory != null && Address != 0)
        {
            memory.Dispose();
            Device.CountAllocation(-Bytes(Type, Elements));
        }
        Address = 0;
    }
}
