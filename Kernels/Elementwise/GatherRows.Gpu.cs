using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class GatherRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> x, ArrayView<int> rows, MatrixView<Float32> y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = x[rows[row], column];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, IntVector rows, Matrix y)
        => queue.Launch(Kernel, (long)y.Rows * y.Columns, x.Gpu(), rows.Gpu(), y.Gpu());
}
