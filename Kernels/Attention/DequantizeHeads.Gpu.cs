using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

internal static partial class DequantizeHeads
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one number.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, HeadRowsView<MatrixView<Int8>> x, int headSize, MatrixView<T> y)
        where T : unmanaged, IElement<T>
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = x.Numbers[row, column] * x.Scale(row, column / headSize);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, HeadRows x, int headSize, Matrix y)
    {
        if (y.Type == StorageType.F16) Gpu<Float16>(queue, x, headSize, y);
        else Gpu<Float32>(queue, x, headSize, y);
    }

    private static void Gpu<T>(IlgpuQueue queue, HeadRows x, int headSize, Matrix y) where T : unmanaged, IElement<T>
        => queue.Launch(Kernel, (long)y.Rows * y.Columns, x.Bytes(), headSize, y.Gpu<T>());
}
