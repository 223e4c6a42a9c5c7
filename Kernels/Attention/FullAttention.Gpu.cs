using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class FullAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row of one head.</summary>
    internal static void Kernel(Index1D item, MatrixView qkv, SequenceLayout layout, int heads, MatrixView y)
    {
        if (item >= y.Rows * heads) return;
        int place = item / heads, sequence = place / layout.Length, i = place % layout.Length, columns = y.Columns;
        int headSize = columns / heads, at = item % heads * headSize;
        int first = sequence / layout.Inner * layout.Outer + sequence % layout.Inner, row = first + i * layout.Step;
        DeviceSoftmaxAttention.Row(qkv, row, at, qkv, columns + at, qkv, 2 * columns + at, first, layout.Step, layout.Length, headSize, y, row, at);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y)
        => queue.Launch(queue.Kernels.FullAttention, (long)y.Rows * heads, qkv.Gpu(), layout, heads, y.Gpu());
}
