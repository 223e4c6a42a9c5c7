using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class Scale
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> x, float factor)
    {
        if (item >= x.Rows * x.Columns) return;
        x[item / x.Columns, item % x.Columns] *= factor;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, float factor)
        => queue.Launch(Kernel, (long)x.Rows * x.Columns, x.Gpu(), factor);
}
