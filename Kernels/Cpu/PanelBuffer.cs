using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>A weight in blocks, turned into panels: of the same size, and for products only.</summary>
internal sealed unsafe class PanelBuffer : DeviceBuffer
{
    private readonly CpuBuffer memory;

    private PanelBuffer(CpuDevice device, StorageType type, int rows, int columns) : base(device, type, (long)rows * columns)
        => memory = CpuBuffer.Allocate(device, StorageType.I8, PanelBytes(type, rows, columns));

    public nint Address => memory.Address;

    /// <summary>Whether a weight put together of parts of so many rows becomes panels: all but the last part must fill theirs.</summary>
    public static bool Takes(StorageType type, params ReadOnlySpan<int> parts)
    {
        if (PanelFormat.For(type) == null) return false;
        foreach (int rows in parts[..^1])
        {
            if (rows % PanelShape.Rows != 0) return false;
        }
        return true;
    }

    /// <summary>What <see cref="Pack"/> takes.</summary>
    public static long Bytes(StorageType type, int rows, int columns)
        => CpuBuffer.Bytes(StorageType.I8, PanelBytes(type, rows, columns));

    public static PanelBuffer Pack(CpuDevice device, StorageType type, int rows, int columns, params ReadOnlySpan<HostRows> parts)
    {
        var buffer = new PanelBuffer(device, type, rows, columns);
        PanelFormat format = PanelFormat.For(type)!;
        byte* target = (byte*)buffer.Address;
        foreach (HostRows part in parts)
        {
            format.Pack(device.Workers, part, columns, target);
            target += part.Rows / PanelShape.Rows * format.RowBytes(columns);
        }
        return buffer;
    }

    public override void Dispose() => memory.Dispose();

    private static long PanelBytes(StorageType type, int rows, int columns)
        => (rows + PanelShape.Rows - 1) / PanelShape.Rows * PanelFormat.For(type)!.RowBytes(columns);
}
