using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class CopyRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element.</summary>
    internal static void Kernel(Index1D item, MatrixView x, MatrixView y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = x[row, column];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix y)
        => queue.Launch(queue.Kernels.CopyRows, (long)y.Rows * y.Columns, x.Gpu(), y.Gpu());
}
