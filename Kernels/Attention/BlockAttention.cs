using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Many queries of one head against its keys on the CPU, as in FlashAttention (Dao et al., arXiv:2205.14135): no more scores
/// exist than those of a block of keys.</summary>
/// <remarks>
/// Several <see cref="QueryBlock{V}"/>s share the keys and values, which are copied side by side first: where they lie, the rows of a head
/// follow each other at strides that are multiples of 4 KB, and drive each other out of a cache.
/// </remarks>
internal static unsafe class BlockAttention
{
    private const int MostQueries = 128, RowsAhead = 6;

    /// <summary>Below this many queries for a key, one row at a time is faster.</summary>
    public const int FewestQueries = 12;

    /// <summary>Queries of an item: whole blocks, and several of them where enough items are left for every thread.</summary>
    public static int Queries(int length, int heads, int threads, SimdWidth simd)
    {
        int width = 2 * SimdWidths.Lanes(simd), blocks = (length + width - 1) / width;
        return width * Math.Clamp((int)((long)blocks * heads / (4 * threads)), 1, MostQueries / width);
    }

    /// <summary>Queries first.. of a head: y[i] = Σ_j softmax_j(q[i] · k[j] / √d) v[j], j over the keys of each query.</summary>
    /// <param name="queries">Queries, at most <see cref="Queries"/>.</param>
    /// <param name="limits">Keys that each query sees; null = all.</param>
    /// <param name="keyCount">Keys that the query with the most sees.</param>
    /// <param name="logSums">Where log Σ_j exp(score j) of each query goes; null if it is not wanted.</param>
    [SkipLocalsInit]
    public static void Run<V, TSource>(
        float* q, long strideQ, int queries, TSource keys, TSource values, int* limits, int keyCount, int headSize, float* y, long strideY,
        float* logSums, long strideL)
        where V : unmanaged, ILanes<V> where TSource : unmanaged, IHeadSource<TSource>
    {
        int width = 2 * V.Count, rest = queries % width, rows = QueryBlock<V>.Keys * headSize;
        if (rest > 0 && rest <= width / 8)
        {
            // The last one of 257 would cost as much as a block.
            queries -= rest;
            for (int i = queries; i < queries + rest; i++)
            {
                SoftmaxAttention.Row<V, TSource>(q + i * strideQ, keys, values, limits == null ? keyCount : limits[i], headSize,
                    y + i * strideY, logSums == null ? null : logSums + i * strideL);
            }
            if (queries == 0) return;
        }
        int blocks = (queries + width - 1) / width;
        int scoreCount = QueryBlock<V>.Scores, own = QueryBlock<V>.Floats(headSize);
        float* memory = stackalloc float[2 * rows + scoreCount + blocks * own + 16];
        float* k = (float*)(((nint)memory + 63) & ~63), v = k + rows, scores = v + rows, first = scores + scoreCount;
        QueryBlock<V> Block(int b) => new(first + b * own, scores, headSize, Math.Min(width, queries - b * width));
        for (int b = 0; b < blocks; b++) Block(b).Start(q + b * width * strideQ, strideQ);
        for (int key = 0; key < keyCount; key += QueryBlock<V>.Keys)
        {
            int count = Math.Min(QueryBlock<V>.Keys, keyCount - key);
            Gather<V, TSource>(keys, key, count, headSize, k);
            Gather<V, TSource>(values, key, count, headSize, v);
            for (int b = 0; b < blocks; b++) Block(b).Add(k, v, count, key, limits == null ? null : limits + b * width);
        }
        for (int b = 0; b < blocks; b++)
            Block(b).Finish(y + b * width * strideY, strideY, logSums == null ? null : logSums + b * width * strideL, strideL);
    }

    /// <summary>Rows of a head as (count, headSize).</summary>
    private static void Gather<V, TSource>(TSource source, int first, int count, int headSize, float* target)
        where V : unmanaged, ILanes<V> where TSource : unmanaged, IHeadSource<TSource>
    {
        float* rows = source.Block<V>(first, count, target);
        if (rows == target) return;
        for (int j = 0; j < count; j++, rows += source.Stride, target += headSize)
        {
            // No processor foresees rows that lie pages apart.
            for (int b = 0; b < headSize; b += Cache.Line / sizeof(float)) Cache.Fetch(rows + RowsAhead * source.Stride + b);
            int c = 0;
            for (; c + V.Count <= headSize; c += V.Count) V.Load(rows + c).Store(target + c);
            for (; c < headSize; c++) target[c] = rows[c];
        }
    }
}
