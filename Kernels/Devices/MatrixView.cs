using ILGPU;

namespace EdgeVideoLlava.Kernels;

/// <summary>A <see cref="Matrix"/> as a kernel sees it: its own rows only, so that ILGPU's index checks guard exactly them.</summary>
/// <remarks>Public because ILGPU's generated launchers must see it. No rows = an absent operand; Data is a valid view all the same.</remarks>
public readonly struct MatrixView(ArrayView<float> data, int rows, int columns, int stride)
{
    public readonly ArrayView<float> Data = data;
    public readonly int Rows = rows;
    public readonly int Columns = columns;
    public readonly int Stride = stride;

    public ref float this[int row, int column] => ref Data[row * Stride + column];
}
