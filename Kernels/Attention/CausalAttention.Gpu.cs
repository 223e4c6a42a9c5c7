using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class CausalAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row of one query head.</summary>
    internal static void Kernel(Index1D item, MatrixView q, MatrixView keys, MatrixView values, ArrayView<int> positions, int headSize, MatrixView y)
    {
        int heads = y.Columns / headSize;
        if (item >= y.Rows * heads) return;
        int row = item / heads, head = item % heads, group = y.Columns / keys.Columns, shared = head / group * headSize;
        DeviceSoftmaxAttention.Row(q, row, head * headSize, keys, shared, values, shared, 0, 1, positions[row] + 1, headSize, y, row, head * headSize);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix q, Matrix keys, Matrix values, IntVector positions, int headSize, Matrix y)
        => queue.Launch(queue.Kernels.CausalAttention, (long)y.Rows * (y.Columns / headSize),
            q.Gpu(), keys.Gpu(), values.Gpu(), positions.Gpu(), headSize, y.Gpu());
}
