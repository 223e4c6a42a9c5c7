using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>Rows for <see cref="EightsView{T}"/>: a matrix that is not aligned for it is copied, and filled up to 8
/// columns with zeros.</summary>
internal static class PaddedRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of y.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<T> x, MatrixView<T> y) where T : unmanaged, IElement<T>
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        if (column < x.Columns) y[row, column] = x[row, column];
        else y[row, column] = 0f;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    /// <summary>x itself where it fits, else its copy in the queue's scratch.</summary>
    public static EightsView<T> Of<T>(IlgpuQueue queue, Matrix x) where T : unmanaged, IElement<T>
    {
        if (x.Columns % 8 == 0 && x.Stride % 8 == 0 && x.Offset % 8 == 0) return x.Eights<T>();
        Matrix padded = queue.Scratch.Take(x.Rows, (x.Columns + 7) / 8 * 8, x.Type);
        queue.Launch(Kernel, (long)padded.Rows * padded.Columns, x.Gpu<T>(), padded.Gpu<T>());
        return padded.Eights<T>();
    }
}
