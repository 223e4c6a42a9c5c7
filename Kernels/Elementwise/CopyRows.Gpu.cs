using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static partial class CopyRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<T> x, MatrixView<T> y) where T : unmanaged, IElement<T> => Copy(item, x, y);

    [Kernel]
    internal static void ByteKernel(Index1D item, MatrixView<Int8> x, MatrixView<Int8> y) => Copy(item, x, y);

    private static void Copy<T>(Index1D item, MatrixView<T> x, MatrixView<T> y) where T : unmanaged, IStoredElement<T>
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = x[row, column];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix y)
    {
        long items = (long)y.Rows * y.Columns;
        if (x.Type == StorageType.F16) queue.Launch(Kernel, items, x.Gpu<Float16>(), y.Gpu<Float16>());
        else if (x.Type == StorageType.I8) queue.Launch(ByteKernel, items, x.Gpu<Int8>(), y.Gpu<Int8>());
        else queue.Launch(Kernel, items, x.Gpu<Float32>(), y.Gpu<Float32>());
    }
}
