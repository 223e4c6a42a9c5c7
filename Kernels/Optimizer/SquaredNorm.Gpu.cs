using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Optimizer;

internal static partial class SquaredNorm
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row; its sum in two parts, as a double has more digits than a float32.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> x, MatrixView<Float32> sums)
    {
        if (item >= x.Rows) return;
        int row = item;
        double sum = 0;
        for (int c = 0; c < x.Columns; c++) sum += (double)x[row, c] * x[row, c];
        float upper = (float)sum;
        sums[row, 0] = upper;
        sums[row, 1] = (float)(sum - upper);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static double Gpu(IlgpuQueue queue, Matrix x)
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        Matrix sums = queue.Scratch.Take(x.Rows, 2);
        queue.Launch(Kernel, x.Rows, x.Gpu(), sums.Gpu());
        double sum = 0;
        foreach (float part in queue.Read(sums)) sum += part;
        return sum;
    }
}
