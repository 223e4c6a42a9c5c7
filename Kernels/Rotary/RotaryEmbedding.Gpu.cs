using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class RotaryEmbedding
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one pair of one row: of a query, a key, or a value, which is copied.</summary>
    internal static void Kernel<T>(Index1D item, MatrixView<T> qkv, MatrixView cos, MatrixView sin, ArrayView<int> positions, MatrixView<T> queries, MatrixView<T> keys,
        MatrixView<T> values) where T : unmanaged, IElement<T>
    {
        int pairs = qkv.Columns / 2, half = cos.Columns;
        if (item >= qkv.Rows * pairs) return;
        int row = item / pairs, pair = item % pairs, i = pair % half, first = pair / half * 2 * half + i, position = positions[row];
        float a = qkv[row, first], b = qkv[row, first + half], c = cos[position, i], s = sin[position, i];
        int key = first - queries.Columns, value = key - keys.Columns;
        if (key < 0) Store(queries, row, first, half, a * c - b * s, b * c + a * s);
        else if (value < 0) Store(keys, position, key, half, a * c - b * s, b * c + a * s);
        else Store(values, position, value, half, a, b);
    }

    private static void Store<T>(MatrixView<T> y, int row, int column, int half, float low, float high) where T : unmanaged, IStoredElement<T>
    {
        y[row, column] = low;
        y[row, column + half] = high;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries, HeadRows keys, HeadRows values)
    {
        if (qkv.Type == StorageType.F16) Gpu<Float16>(queue, qkv, cos, sin, positions, queries, keys, values);
        else Gpu<Float32>(queue, qkv, cos, sin, positions, queries, keys, values);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries, HeadRows keys, HeadRows values)
        where T : unmanaged, IElement<T>
    {
        if (keys.AreBytes) GpuBytes<T>(queue, qkv, cos, sin, positions, queries, keys, values);
        else queue.Launch(queue.Kernels.Of<T>().RotaryEmbedding, IlgpuQueue.Items((long)qkv.Rows * qkv.Columns / 2),
            qkv.Gpu<T>(), cos.Gpu(), sin.Gpu(), positions.Gpu(), queries.Gpu<T>(), keys.Numbers.Gpu<T>(), values.Numbers.Gpu<T>());
    }
}
