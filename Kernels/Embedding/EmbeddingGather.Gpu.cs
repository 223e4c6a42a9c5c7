using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class EmbeddingGather
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of y.</summary>
    internal static void Kernel(Index1D item, MatrixView table, ArrayView<int> ids, MatrixView y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = table[ids[row], column];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Weight table, IntVector ids, Matrix y)
        => queue.Launch(queue.Kernels.EmbeddingGather, (long)y.Rows * y.Columns, table.Gpu(), ids.Gpu(), y.Gpu());
}
