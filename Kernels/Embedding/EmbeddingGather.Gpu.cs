using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class EmbeddingGather
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is eight columns of a row of y.</summary>
    internal static void Kernel<TWeights>(Index1D item, WeightView table, ArrayView<int> ids, MatrixView y) where TWeights : unmanaged, IDeviceWeights
    {
        int eights = (y.Columns + 7) / 8;
        if (item >= y.Rows * eights) return;
        int row = item / eights, column = item % eights * 8, id = ids[row];
        TWeights stored = default;
        F8 v = stored.Load(table, id, column, stored.Scale(table, id, column));
        y[row, column] = v.X0;
        if (column + 1 < y.Columns) y[row, column + 1] = v.X1;
        if (column + 2 < y.Columns) y[row, column + 2] = v.X2;
        if (column + 3 < y.Columns) y[row, column + 3] = v.X3;
        if (column + 4 < y.Columns) y[row, column + 4] = v.X4;
        if (column + 5 < y.Columns) y[row, column + 5] = v.X5;
        if (column + 6 < y.Columns) y[row, column + 6] = v.X6;
        if (column + 7 < y.Columns) y[row, column + 7] = v.X7;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Weight table, IntVector ids, Matrix y)
        => queue.Launch(((IlgpuWeightBuffer)table.Buffer).Kernels.EmbeddingGather, IlgpuQueue.Items((long)y.Rows * ((y.Columns + 7) / 8)), table.Gpu(), ids.Gpu(), y.Gpu());
}
