using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class RotaryEmbedding
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one pair of one row.</summary>
    internal static void Kernel<T>(Index1D item, MatrixView<T> x, MatrixView cos, MatrixView sin, ArrayView<int> positions, MatrixView<T> y)
        where T : unmanaged, IElement<T>
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
    {
        if (x.Type == StorageType.F16) Gpu<Float16>(queue, x, cos, sin, positions, y);
        else Gpu<Float32>(queue, x, cos, sin, positions, y);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix x, Matrix cos, Matrix sin, IntVector positions, Matrix y) where T : unmanaged, IElement<T>
        => queue.Launch(queue.Kernels.Of<T>().RotaryEmbedding, IlgpuQueue.Items((long)y.Rows * y.Columns / 2),
            x.Gpu<T>(), cos.Gpu(), sin.Gpu(), positions.Gpu(), y.Gpu<T>());
}
