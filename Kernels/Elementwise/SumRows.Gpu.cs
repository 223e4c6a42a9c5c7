using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class SumRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of y.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> x, MatrixView<Float32> y, int period)
    {
        if (item >= y.Rows * y.Columns) return;
        int target = item / y.Columns, column = item % y.Columns;
        var sum = new CompensatedSum();
        for (int start = target * period; start < x.Rows; start += y.Rows * period)
        {
            for (int row = start; row < start + period && row < x.Rows; row++) sum.Add(x[row, column]);
        }
        y[target, column] += sum.Total;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix y, int period)
        => queue.Launch(Kernel, (long)y.Rows * y.Columns, x.Gpu(), y.Gpu(), period);
}
