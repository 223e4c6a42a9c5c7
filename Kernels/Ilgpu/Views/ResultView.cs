using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>Where a product's results go: float32 or binary16, told apart at run time, because a result is stored
/// once and would double the kernels.</summary>
internal readonly struct ResultView(ArrayView<Float32> floats, ArrayView<Float16> halves, int isHalf, int rows, int columns, int stride)
{
    public readonly ArrayView<Float32> Floats = floats;
    public readonly ArrayView<Float16> Halves = halves;
    public readonly int IsHalf = isHalf;
    public readonly int Rows = rows;
    public readonly int Columns = columns;
    public readonly int Stride = stride;

    public void Store(int row, int column, float value)
    {
        int index = row * Stride + column;
        if (IsHalf != 0) Halves[index] = default(Float16).From(value);
        else Floats[index] = default(Float32).From(value);
    }
}
