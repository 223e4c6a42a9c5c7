using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class ConvertRows
{
    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element, here and below.</summary>
    [Kernel]
    internal static void ToHalvesKernel(Index1D item, MatrixView<Float32> x, MatrixView<Float16> y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = x[row, column];
    }

    [Kernel]
    internal static void ToFloatsKernel(Index1D item, MatrixView<Float16> x, MatrixView<Float32> y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = x[row, column];
    }

    /// <param name="x">Upper halves of float32's bits.</param>
    [Kernel]
    internal static void FromUpperHalvesKernel(Index1D item, ArrayView<ushort> x, int stride, MatrixView<Float32> y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = Interop.IntAsFloat((uint)x[row * stride + column] << 16);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix y)
    {
        long items = (long)y.Rows * y.Columns;
        if (y.Type == StorageType.F16) queue.Launch(ToHalvesKernel, items, x.Gpu(), y.Gpu<Float16>());
        else if (x.Type == StorageType.F16) queue.Launch(ToFloatsKernel, items, x.Gpu<Float16>(), y.Gpu());
        else if (items > 0)
            queue.Launch(FromUpperHalvesKernel, items, IlgpuViews.View<ushort>(x.Buffer, x.Offset, (x.Rows - 1L) * x.Stride + x.Columns),
                x.Stride, y.Gpu());
    }
}
