using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class AddRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element.</summary>
    internal static void Kernel(Index1D item, MatrixView x, MatrixView table, int period, MatrixView y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = x[row, column] + table[row / period % table.Rows, column];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix table, int period, Matrix y)
        => queue.Launch(queue.Kernels.AddRows, IlgpuQueue.Items((long)y.Rows * y.Columns), x.Gpu(), table.Gpu(), period, y.Gpu());
}
