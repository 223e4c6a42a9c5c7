using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>A <c>Matrix</c> as a kernel sees it: its own rows only, so that ILGPU's index checks guard exactly them.</summary>
/// <remarks>No rows = an absent operand; Data is a valid view all the same. MatrixView alone is one of float32.</remarks>
internal readonly struct MatrixView<T>(ArrayView<T> data, int rows, int columns, int stride) where T : unmanaged, IStoredElement<T>
{
    public readonly ArrayView<T> Data = data;
    public readonly int Rows = rows;
    public readonly int Columns = columns;
    public readonly int Stride = stride;

    public float this[int row, int column]
    {
        get => Data[row * Stride + column].Value;
        set => Data[row * Stride + column] = default(T).From(value);
    }
}
