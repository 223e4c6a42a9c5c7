using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class Fill
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> y, float value)
    {
        if (item >= y.Rows * y.Columns) return;
        y[item / y.Columns, item % y.Columns] = value;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix y, float value)
        => queue.Launch(Kernel, (long)y.Rows * y.Columns, y.Gpu(), value);
}
