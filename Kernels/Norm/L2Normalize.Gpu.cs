using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Norm;

internal static partial class L2Normalize
{
    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> x, MatrixView<Float32> y)
    {
        if (item >= y.Rows) return;
        int row = item;
        float inverse = Inverse(x, row);
        for (int c = 0; c < y.Columns; c++) y[row, c] = x[row, c] * inverse;
    }

    /// <summary>One item is one row.</summary>
    [Kernel]
    internal static void BackwardKernel(Index1D item, MatrixView<Float32> x, MatrixView<Float32> dy, MatrixView<Float32> dx)
    {
        if (item >= dx.Rows) return;
        int row = item;
        float inverse = Inverse(x, row);
        var along = new CompensatedSum();
        for (int c = 0; c < dx.Columns; c++) along.Add(x[row, c] * inverse * dy[row, c]);
        float share = along.Total;
        for (int c = 0; c < dx.Columns; c++) dx[row, c] = (dy[row, c] - x[row, c] * inverse * share) * inverse;
    }

    private static float Inverse(MatrixView<Float32> x, int row)
    {
        var square = new CompensatedSum();
        for (int c = 0; c < x.Columns; c++) square.Add(x[row, c] * x[row, c]);
        return square.Total > 0 ? 1f / XMath.Sqrt(square.Total) : 0f;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix y) => queue.Launch(Kernel, y.Rows, x.Gpu(), y.Gpu());

    private static void BackwardGpu(IlgpuQueue queue, Matrix x, Matrix dy, Matrix dx)
        => queue.Launch(BackwardKernel, dx.Rows, x.Gpu(), dy.Gpu(), dx.Gpu());
}
