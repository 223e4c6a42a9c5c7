using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class ScatterRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of x.</summary>
    internal static void Kernel(Index1D item, MatrixView x, ArrayView<int> positions, MatrixView y)
    {
        if (item >= x.Rows * x.Columns) return;
        int row = item / x.Columns, column = item % x.Columns;
        y[positions[row], column] = x[row, column];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, IntVector positions, Matrix y)
        => queue.Launch(queue.Kernels.ScatterRows, (long)x.Rows * x.Columns, x.Gpu(), positions.Gpu(), y.Gpu());
}
