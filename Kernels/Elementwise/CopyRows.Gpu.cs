using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class CopyRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element.</summary>
    internal static void Kernel<T>(Index1D item, MatrixView<T> x, MatrixView<T> y) where T : unmanaged, IElement<T>
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        y[row, column] = x[row, column];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix y)
    {
        if (x.Type == StorageType.F16) Gpu<Float16>(queue, x, y);
        else Gpu<Float32>(queue, x, y);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix x, Matrix y) where T : unmanaged, IElement<T>
        => queue.Launch(queue.Kernels.Of<T>().CopyRows, IlgpuQueue.Items((long)y.Rows * y.Columns), x.Gpu<T>(), y.Gpu<T>());
}
