using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>Native memory, 64-byte aligned, or a wrapped piece of somebody else's (a mapped file).</summary>
internal sealed unsafe class CpuBuffer : DeviceBuffer
{
    private readonly bool owned;

    private CpuBuffer(ComputeDevice device, StorageType type, long elements, nint address, bool owned) : base(device, type, elements)
    {
        Address = address;
        this.owned = owned;
    }

    public nint Address { get; private set; }

    public static CpuBuffer Allocate(ComputeDevice device, StorageType type, long elements)
    {
        long bytes = Math.Max(64, type.Bytes(elements));
        try
        {
            void* address = NativeMemory.AlignedAlloc((nuint)bytes, 64);
            device.CountAllocation(bytes);
            return new CpuBuffer(device, type, elements, (nint)address, owned: true);
        }
        catch (OutOfMemoryException e)
        {
            throw new DeviceFailedException($"cpu: no memory for {bytes >> 20} MiB more ({device.AllocatedBytes >> 20} MiB in use); use a smaller model or storage type", e);
        }
    }

    public static CpuBuffer Wrap(ComputeDevice device, StorageType type, long elements, nint address)
        => new(device, type, elements, address, owned: false);

    public override void Dispose()
    {
        if (owned && Address != 0)
        {
            NativeMemory.AlignedFree((void*)Address);
            Device.CountAllocation(-Math.Max(64, Type.Bytes(Elements)));
        }
        Address = 0;
    }
}
