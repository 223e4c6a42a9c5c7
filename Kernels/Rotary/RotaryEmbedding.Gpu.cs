using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class RotaryEmbedding
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one pair of one row.</summary>
    internal static void Kernel(Index1D item, MatrixView x, MatrixView cos, MatrixView sin, ArrayView<int> positions, MatrixView y)
    {
        int pairs = y.Columns / 2, half = cos.Columns;
        if (item >= y.Rows * pairs) return;
        int row = item / pairs, pair = item % pairs, i = pair % half, first = pair / half * 2 * half + i, position = positions[row];
        float a = x[row, first], b = x[row, first + half], c = cos[position, i], s = sin[position, i];
        y[row, first] = a * c - b * s;
        y[row, first + half] = b * c + a * s;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix x, Matrix cos, Matrix sin, IntVector positions, Matrix y)
        => queue.Launch(queue.Kernels.RotaryEmbedding, (long)y.Rows * y.Columns / 2, x.Gpu(), cos.Gpu(), sin.Gpu(), positions.Gpu(), y.Gpu());
}
