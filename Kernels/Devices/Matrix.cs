using System.Diagnostics;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>(Rows, Columns) numbers in device memory, row-major; element (r, c) is at Offset + r * Stride + c.</summary>
/// <remarks>Float32, or on an accelerator binary16 (<see cref="ComputeDevice.ActivationType"/>).</remarks>
internal readonly record struct Matrix(DeviceBuffer Buffer, long Offset, int Rows, int Columns, int Stride)
{
    public StorageType Type => Buffer.Type;

    public Matrix RowRange(int start, int count)
    {
        Debug.Assert(start >= 0 && count >= 0 && start + count <= Rows);
        return this with { Offset = Offset + (long)start * Stride, Rows = count };
    }

    public Matrix ColumnRange(int start, int count)
    {
        Debug.Assert(start >= 0 && count >= 0 && start + count <= Columns);
        return this with { Offset = Offset + start, Columns = count };
    }
}
