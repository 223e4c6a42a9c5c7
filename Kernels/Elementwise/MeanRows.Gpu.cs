using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class MeanRows
{
    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of y.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> x, MatrixView<Float32> y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns, count = x.Rows / y.Rows;
        var sum = new CompensatedSum();
        for (int j = 0; j < count; j++) sum.Add(x[row * count + j, column]);
        y[row, column] = sum.Total / count;
    }

    /// <summary>One item is one element of dx.</summary>
    [Kernel]
    internal static void BackwardKernel(Index1D item, MatrixView<Float32> dy, MatrixView<Float32> dx)
    {
        if (item >= dx.Rows * dx.Columns) return;
        int row = item / dx.Columns, column = item % dx.Columns, count = dx.Rows / dy.Rows;
        dx[row, column] = dy[row / count, column] / count;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix y)
        => queue.Launch(Kernel, (long)y.Rows * y.Columns, x.Gpu(), y.Gpu());

    private static void BackwardGpu(IlgpuQueue queue, Matrix dy, Matrix dx)
        => queue.Launch(BackwardKernel, (long)dx.Rows * dx.Columns, dy.Gpu(), dx.Gpu());
}
