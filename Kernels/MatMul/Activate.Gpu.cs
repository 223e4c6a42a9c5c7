using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

internal static partial class Activate
{
    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of y.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, int activation, MatrixView<Float32> z, MatrixView<Float32> y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        float x = z[row, column];
        if (activation == (int)Activation.SiluUp) x = DeviceMath.Silu(x) * z[row, y.Columns + column];
        else if (activation == (int)Activation.Gelu) x = DeviceMath.Gelu(x);
        else if (activation == (int)Activation.QuickGelu) x = DeviceMath.QuickGelu(x);
        y[row, column] = x;
    }

    /// <summary>One item is one element of dy.</summary>
    [Kernel]
    internal static void BackwardKernel(
        Index1D item, int activation, MatrixView<Float32> z, MatrixView<Float32> dy, MatrixView<Float32> dz)
    {
        if (item >= dy.Rows * dy.Columns) return;
        int row = item / dy.Columns, column = item % dy.Columns;
        float x = z[row, column], d = dy[row, column];
        if (activation == (int)Activation.SiluUp)
        {
            float up = z[row, dy.Columns + column];
            dz[row, dy.Columns + column] = d * DeviceMath.Silu(x);
            d *= up * DeviceMath.SigmoidSlope(x, 1f);
        }
        else if (activation == (int)Activation.Gelu) d *= DeviceMath.GeluSlope(x);
        else if (activation == (int)Activation.QuickGelu) d *= DeviceMath.SigmoidSlope(x, 1.702f);
        dz[row, column] = d;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void ForwardGpu(IlgpuQueue queue, Activation activation, Matrix z, Matrix y)
        => queue.Launch(Kernel, (long)y.Rows * y.Columns, (int)activation, z.Gpu(), y.Gpu());

    private static void BackwardGpu(IlgpuQueue queue, Activation activation, Matrix z, Matrix dy, Matrix dz)
        => queue.Launch(BackwardKernel, (long)dy.Rows * dy.Columns, (int)activation, z.Gpu(), dy.Gpu(), dz.Gpu());
}
