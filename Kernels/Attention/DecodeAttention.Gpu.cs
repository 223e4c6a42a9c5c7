using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Causal attention of few queries over a long cache: a group makes 128 keys of one query and head, a second
/// kernel joins the parts.</summary>
/// <remarks>
/// part p of query t and head h: m = max_j s[j],  l = Σ_j exp(s[j] − m),  o = Σ_j exp(s[j] − m) v[j],  j in 128 p ..
/// 128 p + 127, at most the query's position
/// y[t,h] = Σ_p exp(m[p] − M) o[p] / Σ_p exp(m[p] − M) l[p],   M = max_p m[p]   (FlashDecoding: Dao et al., 2023)
/// parts ((T·H·P), d + 2): o, m, l. d a multiple of 8, at most 1024. Groups beyond the query's position do nothing,
/// so that the number of groups depends on the cache's capacity only. All bytes of K and V are read once: 2 · 2 ·
/// 4096 bytes a position and layer of the 7B model in binary16.
/// </remarks>
internal static class DecodeAttention
{
    public const int Items = 128, LargestHead = 8 * Items;

    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>Grid: part, head, query. An item makes the score of one key, then eight columns of some of the values.</summary>
    [Kernel(Group = Items)]
    internal static void Kernel<T>(EightsView<T> q, HeadRowsView<EightsView<T>> keys, HeadRowsView<EightsView<T>> values,
        ArrayView<int> positions, int headSize, MatrixView<Float32> parts)
        where T : unmanaged, IElement<T>
        => Part(q, keys, values, positions, headSize, parts);

    /// <summary>Over a cache of bytes.</summary>
    [Kernel(Group = Items)]
    internal static void ByteKernel<T>(EightsView<T> q, HeadRowsView<EightsView<Int8>> keys, HeadRowsView<EightsView<Int8>> values,
        ArrayView<int> positions, int headSize, MatrixView<Float32> parts)
        where T : unmanaged, IElement<T>
        => Part(q, keys, values, positions, headSize, parts);

    /// <summary>A query is a conversation's, with a cache of its own.</summary>
    [Kernel(Group = Items)]
    internal static void BatchKernel<T>(EightsView<T> q, CacheSet<EightsView<T>> caches, ArrayView<int> positions, int headSize,
        MatrixView<Float32> parts) where T : unmanaged, IElement<T>
        => Part(q, caches.Keys(Grid.IdxZ), caches.Values(Grid.IdxZ), positions, headSize, parts);

    [Kernel(Group = Items)]
    internal static void ByteBatchKernel<T>(EightsView<T> q, CacheSet<EightsView<Int8>> caches, ArrayView<int> positions, int headSize,
        MatrixView<Float32> parts) where T : unmanaged, IElement<T>
        => Part(q, caches.Keys(Grid.IdxZ), caches.Values(Grid.IdxZ), positions, headSize, parts);

    private static void Part<T, TRows>(EightsView<T> q, HeadRowsView<EightsView<TRows>> keys, HeadRowsView<EightsView<TRows>> values,
        ArrayView<int> positions, int headSize,
        MatrixView<Float32> parts) where T : unmanaged, IElement<T> where TRows : unmanaged, IStoredElement<TRows>
    {
        ArrayView<float> scores = SharedMemory.Allocate<float>(Items);
        ArrayView<float> weights = SharedMemory.Allocate<float>(Items);
        ArrayView<float> sums = SharedMemory.Allocate<float>(8 * Items);
        int item = Group.IdxX;
        int row = Grid.IdxZ;
        int head = Grid.IdxY;
        int first = Grid.IdxX * Items;
        int count = XMath.Min(positions[row] + 1 - first, Items);
        int eights = headSize / 8;
        if (count <= 0) return; // the whole group
        int shared = head / (q.Columns / keys.Numbers.Columns), column = shared * eights, key = first + XMath.Min(item, count - 1);
        F8 products = default;
        for (int i = 0; i < eights; i++)
            products = F8.Add(products, q[row * q.Stride + head * eights + i], keys.Numbers[key * keys.Numbers.Stride + column + i]);
        scores[item] = item < count ? products.Sum * keys.Scale(key, shared) / XMath.Sqrt((float)headSize) : float.NegativeInfinity;
        Group.Barrier();
        float maximum = float.NegativeInfinity, total = 0f;
        for (int i = 0; i < Items; i++) maximum = XMath.Max(maximum, scores[i]);
        weights[item] = XMath.Exp(scores[item] - maximum);
        Group.Barrier();
        int share = item / eights, shares = Items / eights, eight = item % eights;
        F8 sum = default;
        if (share < shares)
        {
            for (int i = share; i < count; i += shares)
                sum = F8.Add(sum, F8.Of(weights[i] * values.Scale(first + i, shared)),
                    values.Numbers[(first + i) * values.Numbers.Stride + column + eight]);
        }
        F8.Store(sum, sums, 8 * item);
        for (int i = 0; i < count; i++) total += weights[i];
        Group.Barrier();
        int part = (row * Grid.DimY + head) * Grid.DimX + Grid.IdxX;
        for (int c = item; c < headSize; c += Items)
        {
            float o = 0f;
            for (int i = 0; i < shares; i++) o += sums[i * headSize + c];
            parts[part, c] = o;
        }
        if (item == 0)
        {
            parts[part, headSize] = maximum;
            parts[part, headSize + 1] = total;
        }
    }

    /// <summary>One item is one number of y.</summary>
    [Kernel]
    internal static void JoinKernel<T>(Index1D item, MatrixView<Float32> parts, ArrayView<int> positions, int perHead, int headSize,
        MatrixView<T> y, MatrixView<Float32> logSums) where T : unmanaged, IElement<T>
    {
        if (item >= y.Rows * y.Columns) return;
        int row = item / y.Columns, column = item % y.Columns, heads = y.Columns / headSize;
        int first = (row * heads + column / headSize) * perHead, end = first + positions[row] / Items + 1;
        float maximum = float.NegativeInfinity, sum = 0f, total = 0f;
        for (int part = first; part < end; part++) maximum = XMath.Max(maximum, parts[part, headSize]);
        for (int part = first; part < end; part++)
        {
            float weight = XMath.Exp(parts[part, headSize] - maximum);
            sum += weight * parts[part, column % headSize];
            total += weight * parts[part, headSize + 1];
        }
        y[row, column] = sum / total;
        if (logSums.Rows > 0 && column % headSize == 0) logSums[row, column / headSize] = maximum + XMath.Log(total);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    /// <summary>Whether the matrices have what groups read at once (<see cref="GroupAttention.Fits"/>).</summary>
    public static bool Fits(IlgpuQueue queue, QueryRows queries, HeadRows keys, HeadRows values)
        => GroupAttention.Fits(queue, queries.HeadSize, LargestHead, queries.Q, keys.Numbers, values.Numbers);

    /// <param name="segments">One of all rows, or one for each of up to 8 rows.</param>
    public static void Launch<T>(IlgpuQueue queue, QueryRows queries, ReadOnlySpan<CacheSegment> segments) where T : unmanaged, IElement<T>
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        int capacity = 0;
        foreach (CacheSegment segment in segments) capacity = Math.Max(capacity, segment.Keys.Rows);
        int perHead = (capacity + Items - 1) / Items;
        Matrix parts = queue.Scratch.Take(queries.Rows * queries.Heads * perHead, queries.HeadSize + 2);
        var groups = new Index3D(perHead, queries.Heads, queries.Rows);
        if (segments.Length == 1) Parts<T>(queue, groups, queries, segments[0], parts);
        else Parts<T>(queue, groups, queries, segments, parts);
        queue.Launch(JoinKernel, (long)queries.Rows * queries.Y.Columns, parts.Gpu(), queries.Positions.Gpu(), perHead, queries.HeadSize,
            queries.Y.Gpu<T>(), queries.LogSums.GpuOrNone(parts.Buffer));
    }

    private static void Parts<T>(IlgpuQueue queue, Index3D groups, QueryRows queries, CacheSegment segment, Matrix parts)
        where T : unmanaged, IElement<T>
    {
        (HeadRows keys, HeadRows values, _) = segment;
        IntVector positions = queries.Positions;
        if (keys.AreBytes)
            queue.LaunchGroups(ByteKernel<T>, groups, queries.Q.Eights<T>(), keys.ByteEights(), values.ByteEights(), positions.Gpu(),
                queries.HeadSize, parts.Gpu());
        else
            queue.LaunchGroups(Kernel, groups, queries.Q.Eights<T>(), keys.Eights<T>(positions), values.Eights<T>(positions),
                positions.Gpu(), queries.HeadSize, parts.Gpu());
    }

    private static void Parts<T>(IlgpuQueue queue, Index3D groups, QueryRows queries, ReadOnlySpan<CacheSegment> segments, Matrix parts)
        where T : unmanaged, IElement<T>
    {
        IntVector positions = queries.Positions;
        if (segments[0].Keys.AreBytes)
        {
            var caches = new CacheSet<EightsView<Int8>>(segments, positions, static (rows, _) => rows.ByteEights());
            queue.LaunchGroups(ByteBatchKernel<T>, groups, queries.Q.Eights<T>(), caches, positions.Gpu(), queries.HeadSize, parts.Gpu());
        }
        else
        {
            var caches = new CacheSet<EightsView<T>>(segments, positions, static (rows, any) => rows.Eights<T>(any));
            queue.LaunchGroups(BatchKernel, groups, queries.Q.Eights<T>(), caches, positions.Gpu(), queries.HeadSize, parts.Gpu());
        }
    }
}
