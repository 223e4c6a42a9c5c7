using ILGPU;

namespace EdgeVideoLlava.Kernels;

/// <summary>Rows for <see cref="QuadView"/>: a matrix that is not aligned for it is copied, and filled up to 8 columns with zeros.</summary>
internal static class PaddedRows
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of y.</summary>
    internal static void Kernel(Index1D item, MatrixView x, MatrixView y)
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns;
        if (column < x.Columns) y[row, column] = x[row, column];
        else y[row, column] = 0f;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    /// <summary>x itself where it fits, else its copy in the queue's scratch.</summary>
    public static QuadView Of(IlgpuQueue queue, Matrix x)
    {
        if (x.Columns % 8 == 0 && x.Stride % 4 == 0 && x.Offset % 4 == 0) return x.Quads();
        Matrix padded = queue.Scratch.Take(x.Rows, (x.Columns + 7) / 8 * 8);
        queue.Launch(queue.Kernels.PaddedRows, (long)padded.Rows * padded.Columns, x.Gpu(), padded.Gpu());
        return padded.Quads();
    }
}
