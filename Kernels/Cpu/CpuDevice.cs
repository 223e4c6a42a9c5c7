using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>The processor: native memory, persistent worker threads, SIMD kernels. The default without a GPU.</summary>
internal sealed unsafe class CpuDevice : ComputeDevice
{
    internal WorkerThreads Workers { get; }

    /// <summary>A CPU device of so many threads; 0 takes one for each core.</summary>
    public CpuDevice(int threads = 0) : this(threads, SimdWidths.Best)
    {
    }

    /// <summary>As above, with narrower registers than the machine has: every width is tested on one machine.</summary>
    internal CpuDevice(int threads, SimdWidth width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Workers = new WorkerThreads(threads == 0 ? Environment.ProcessorCount : threads, width);
    }

    public int Threads => Workers.Count;

    public override string Description
        => $"cpu, {Threads} thread{(Threads == 1 ? "" : "s")}, {SimdLevel}, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MiB";

    public static string SimdLevel => Vector512.IsHardwareAccelerated ? "AVX-512"
        : Vector256.IsHardwareAccelerated ? "AVX2"
        : System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported ? "NEON"
        : Vector128.IsHardwareAccelerated ? "128-bit SIMD" : "no SIMD";

    internal override ComputeQueue CreateQueue() => new CpuQueue(this);

    internal override DeviceBuffer Allocate(StorageType type, long elements) => CpuBuffer.Allocate(this, type, elements);

    /// <summary>Bytes that memory for so many numbers takes.</summary>
    public static long BufferBytes(StorageType type, long elements) => CpuBuffer.Bytes(type, elements);

    internal override Weight AllocateWeight(string name, StorageType type, int rows, int columns)
    {
        Shapes.WholeBlocks(name, type, columns);
        return new Weight(name, type, rows, columns, CpuBuffer.Allocate(this, type, (long)rows * columns));
    }

    internal override Weight LoadWeight(string name, StorageType type, int columns, params ReadOnlySpan<HostRows> parts)
    {
        Shapes.WholeBlocks(name, type, columns);
        int rows = 0;
        foreach (HostRows part in parts) rows += part.Rows;
        if (parts.Length == 1)
            return new Weight(name, type, rows, columns, CpuBuffer.Wrap(this, type, (long)rows * columns, parts[0].Address));
        CpuBuffer buffer = CpuBuffer.Allocate(this, type, (long)rows * columns);
        byte* target = (byte*)buffer.Address;
        foreach (HostRows part in parts)
        {
            long bytes = type.Bytes((long)part.Rows * columns);
            NativeMemory.Copy((void*)part.Address, target, (nuint)bytes);
            target += bytes;
        }
        return new Weight(name, type, rows, columns, buffer);
    }

    /// <summary>Written straight into the weight's own memory.</summary>
    internal override Weight MakeWeight(string name, StorageType type, int rows, int columns, Action<nint> write)
    {
        Weight weight = AllocateWeight(name, type, rows, columns);
        try
        {
            write(((CpuBuffer)weight.Buffer).Address);
            return weight;
        }
        catch
        {
            weight.Dispose();
            throw;
        }
    }

    public override void Dispose()
    {
        Workers.Dispose();
        base.Dispose();
    }
}
