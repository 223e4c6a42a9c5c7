using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Rotary;

internal static partial class RotaryEmbedding
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one pair of one row: of a query, a key, or a value, which is copied.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<T> qkv, MatrixView<Float32> cos, MatrixView<Float32> sin,
        ArrayView<int> positions, MatrixView<T> queries, MatrixView<T> keys,
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

    /// <summary>A row is a conversation's, with a cache of its own.</summary>
    [Kernel]
    internal static void BatchKernel<T>(Index1D item, MatrixView<T> qkv, MatrixView<Float32> cos, MatrixView<Float32> sin,
        ArrayView<int> positions, MatrixView<T> queries, CacheSet<MatrixView<T>> caches)
        where T : unmanaged, IElement<T>
    {
        int row = item / (qkv.Columns / 2);
        Kernel(item, qkv, cos, sin, positions, queries, caches.Keys(row).Numbers, caches.Values(row).Numbers);
    }

    private static void Store<T>(MatrixView<T> y, int row, int column, int half, float low, float high)
        where T : unmanaged, IStoredElement<T>
    {
        y[row, column] = low;
        y[row, column + half] = high;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries, HeadRows keys,
        HeadRows values)
    {
        if (qkv.Type == StorageType.F16) Gpu<Float16>(queue, qkv, cos, sin, positions, queries, keys, values);
        else Gpu<Float32>(queue, qkv, cos, sin, positions, queries, keys, values);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries, HeadRows keys,
        HeadRows values)
        where T : unmanaged, IElement<T>
    {
        if (keys.AreBytes) GpuBytes<T>(queue, qkv, cos, sin, positions, queries, keys, values);
        else queue.Launch(Kernel, (long)qkv.Rows * qkv.Columns / 2,
            qkv.Gpu<T>(), cos.Gpu(), sin.Gpu(), positions.Gpu(), queries.Gpu<T>(), keys.Numbers.Gpu<T>(), values.Numbers.Gpu<T>());
    }

    private static void GpuBatch(IlgpuQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries,
        ReadOnlySpan<CacheSegment> segments)
    {
        if (qkv.Type == StorageType.F16) GpuBatch<Float16>(queue, qkv, cos, sin, positions, queries, segments);
        else GpuBatch<Float32>(queue, qkv, cos, sin, positions, queries, segments);
    }

    private static void GpuBatch<T>(IlgpuQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries,
        ReadOnlySpan<CacheSegment> segments)
        where T : unmanaged, IElement<T>
    {
        if (segments[0].Keys.AreBytes) queue.LaunchGroups(ByteBatchKernel, Heads(qkv, cos),
            qkv.Gpu<T>(), cos.Gpu(), sin.Gpu(), positions.Gpu(), queries.Gpu<T>(),
            new CacheSet<MatrixView<Int8>>(segments, positions, static (rows, _) => rows.Bytes()));
        else queue.Launch(BatchKernel, (long)qkv.Rows * qkv.Columns / 2,
            qkv.Gpu<T>(), cos.Gpu(), sin.Gpu(), positions.Gpu(), queries.Gpu<T>(),
            new CacheSet<MatrixView<T>>(segments, positions, static (rows, any) => rows.Gpu<T>(any)));
    }
}
