using ILGPU;

namespace EdgeVideoLlava.Kernels;

/// <summary>Where a product's results go: float32 or binary16.</summary>
public readonly struct ResultView(ArrayView<float> floats, ArrayView<ushort> halves, int isHalf, int rows, int columns, int stride)
{
    public readonly ArrayView<float> Floats = floats;
    public readonly ArrayView<ushort> Halves = halves;
    public readonly int IsHalf = isHalf;
    public readonly int Rows = rows;
    public readonly int Columns = columns;
    public readonly int Stride = stride;

    public void Store(int row, int column, float value)
    {
        int index = row * Stride + column;
        if (IsHalf != 0) Halves[index] = (ushort)PtxIntrinsics.Halves(value, 0f);
        else Floats[index] = value;
    }
}
