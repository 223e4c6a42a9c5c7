using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class AddRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> x, MatrixView<Float32> table, int period, MatrixView<Float32> y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = x[row, column] + table[row / period % table.Rows, column];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix table, int period, Matrix y)
        => queue.Launch(Kernel, (long)y.Rows * y.Columns, x.Gpu(), table.Gpu(), period, y.Gpu());
}
