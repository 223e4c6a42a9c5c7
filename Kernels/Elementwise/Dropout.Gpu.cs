using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class Dropout
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element.</summary>
    /// <param name="threshold">A hash below it drops the element.</param>
    [Kernel]
    internal static void Kernel(
        Index1D item, MatrixView<Float32> x, uint threshold, float factor, ulong seed, MatrixView<Float32> y, int add)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        float kept = Hash(seed + (ulong)(int)item * 0x9E3779B97F4A7C15) < threshold ? 0f : x[row, column] * factor;
        y[row, column] = add != 0 ? y[row, column] + kept : kept;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, float probability, ulong seed, Matrix y, bool add)
        => queue.Launch(Kernel, (long)y.Rows * y.Columns, x.Gpu(), Threshold(probability), Factor(probability), seed, y.Gpu(), add ? 1 : 0);
}
