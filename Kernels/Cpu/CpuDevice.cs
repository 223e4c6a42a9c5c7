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

    /// <summary>Linear layers in blocks multiply x in float32. Else x is rounded to bytes for the types that have such a product
    /// (<see cref="PanelFormat"/>), which is many times as fast: their blocks are rearranged while they are
    /// loaded.</summary>
    public bool IsExact { get; init; } = true;

    public int Threads => Workers.Count;

    public override string Description => $"{Label}, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MiB";

    public override string Label => $"cpu, {Threads} thread{(Threads == 1 ? "" : "s")}, {SimdLevel}";

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
        if (parts.Length == 1 && parts[0].Heads == 0)
            return new Weight(name, type, rows, columns, CpuBuffer.Wrap(this, type, (long)rows * columns, parts[0].Address));
        CpuBuffer buffer = CpuBuffer.Allocate(this, type, (long)rows * columns);
        byte* target = (byte*)buffer.Address;
        foreach (HostRows part in parts)
        {
            long bytes = type.Bytes(columns);
            part.CopyTo(target, 0, part.Rows, bytes);
            target += part.Rows * bytes;
        }
        return new Weight(name, type, rows, columns, buffer);
    }

    internal override bool RearrangesLinears => !IsExact;

    internal override Weight LoadLinear(string name, StorageType type, int columns, params ReadOnlySpan<HostRows> parts)
    {
        int rows = 0;
        int[] sizes = new int[parts.Length];
        for (int i = 0; i < sizes.Length; i++) rows += sizes[i] = parts[i].Rows;
        if (IsExact || !PanelBuffer.Takes(type, sizes)) return LoadWeight(name, type, columns, parts);
        Shapes.WholeBlocks(name, type, columns);
        return new Weight(name, type, rows, columns, PanelBuffer.Pack(this, type, rows, columns, parts));
    }

    internal override Weight MakeLinear(string name, StorageType type, ReadOnlySpan<int> parts, int columns, Action<nint> write)
    {
        int rows = 0;
        foreach (int part in parts) rows += part;
        if (IsExact || !PanelBuffer.Takes(type, parts)) return MakeWeight(name, type, rows, columns, write);
        using HostMemory host = Converted(type, rows, columns);
        write(host.Address);
        return LoadLinear(name, type, columns, new HostRows(host.Address, rows));
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
