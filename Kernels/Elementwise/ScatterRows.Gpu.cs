using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class ScatterRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of x.</summary>
    internal static void Kernel<T>(Index1D item, MatrixView<T> x, ArrayView<int> positions, MatrixView<T> y) where T : unmanaged, IElement<T>
    {
        if (item >= x.Rows * x.Columns) return;
        int row = item / x.Columns, column = item % x.Columns;
        y[positions[row], column] = x[row, column];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, IntVector positions, Matrix y)
    {
        if (x.Type == StorageType.F16) Gpu<Float16>(queue, x, positions, y);
        else Gpu<Float32>(queue, x, positions, y);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix x, IntVector positions, Matrix y) where T : unmanaged, IElement<T>
        => queue.Launch(queue.Kernels.Of<T>().ScatterRows, IlgpuQueue.Items((long)x.Rows * x.Columns), x.Gpu<T>(), positions.Gpu(), y.Gpu<T>());
}
