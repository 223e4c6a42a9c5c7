using ILGPU;

namespace EdgeVideoLlava.Kernels;

/// <summary>Four numbers that a kernel loads at once (128 bits); only from addresses that are multiples of 16 bytes.</summary>
/// <remarks>Public because ILGPU's generated launchers must see it.</remarks>
public struct F4
{
    public float X, Y, Z, W;
}

/// <summary>A <see cref="Matrix"/> whose rows begin at multiples of 16 bytes and have a multiple of 8 columns, as a kernel reads it; the stride is in quads.</summary>
public readonly struct QuadView(ArrayView<F4> data, int rows, int columns, int stride)
{
    public readonly ArrayView<F4> Data = data;
    public readonly int Rows = rows;
    public readonly int Columns = columns;
    public readonly int Stride = stride;
}
