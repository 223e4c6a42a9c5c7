using ILGPU;

namespace EdgeVideoLlava.Kernels;

/// <summary>A matrix of halves whose rows begin at multiples of 16 bytes and have a multiple of 8 columns; the stride is in eights.</summary>
public readonly struct EightsView(ArrayView<U4> data, int rows, int columns, int stride)
{
    public readonly ArrayView<U4> Data = data;
    public readonly int Rows = rows;
    public readonly int Columns = columns;
    public readonly int Stride = stride;
}
