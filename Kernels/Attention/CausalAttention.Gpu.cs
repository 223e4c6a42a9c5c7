using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

internal static partial class CausalAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row of one query head.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<T> q, MatrixView<T> keys, MatrixView<T> values, ArrayView<int> positions,
        int headSize, MatrixView<Float32> sums, MatrixView<T> y, MatrixView<Float32> logSums) where T : unmanaged, IElement<T>
    {
        int heads = y.Columns / headSize;
        if (item >= y.Rows * heads) return;
        int row = item / heads, head = item % heads, group = y.Columns / keys.Columns, shared = head / group * headSize;
        DeviceSoftmaxAttention.Row(q, head * headSize, keys, shared, values, shared, 0, 1, positions[row] + 1, headSize, sums, y, row,
            head * headSize, logSums);
    }

    /// <summary>A group is 16 rows (Grid.IdxX) of one query head (IdxY).</summary>
    [Kernel(Group = GroupAttention.Items)]
    internal static void GroupKernel<T>(EightsView<T> q, EightsView<T> keys, EightsView<T> values, ArrayView<int> positions, int headSize,
        MatrixView<T> y) where T : unmanaged, IElement<T>
        => Tile(q, keys, values, positions, headSize, y, new NoLogSums());

    /// <summary>The same, with the log-sums.</summary>
    [Kernel(Group = GroupAttention.Items)]
    internal static void KeepingGroupKernel<T>(EightsView<T> q, EightsView<T> keys, EightsView<T> values, ArrayView<int> positions,
        int headSize, MatrixView<T> y, MatrixView<Float32> logSums) where T : unmanaged, IElement<T>
        => Tile(q, keys, values, positions, headSize, y, new KeptLogSums(logSums, Grid.IdxY));

    private static void Tile<T, TLogSums>(EightsView<T> q, EightsView<T> keys, EightsView<T> values, ArrayView<int> positions,
        int headSize, MatrixView<T> y, TLogSums logSums) where T : unmanaged, IElement<T> where TLogSums : struct, ILogSums
    {
        int head = Grid.IdxY, shared = head / (y.Columns / keys.Columns) * headSize;
        GroupAttention.Tile(new CausalMap(positions, y.Rows), q, head * headSize, keys, shared, values, shared, headSize, y,
            head * headSize, logSums);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, QueryRows queries, HeadRows keys, HeadRows values)
    {
        if (queries.Q.Type == StorageType.F16) Gpu<Float16>(queue, queries, keys, values);
        else Gpu<Float32>(queue, queries, keys, values);
    }

    /// <summary>False where each conversation needs a launch of its own.</summary>
    private static bool GpuBatch(IlgpuQueue queue, QueryRows queries, ReadOnlySpan<CacheSegment> segments)
    {
        if (!CacheSets.Fit(queue, segments)) return false;
        foreach (CacheSegment segment in segments)
        {
            if (!DecodeAttention.Fits(queue, queries, segment.Keys, segment.Values)) return false;
        }
        if (queries.Q.Type == StorageType.F16) DecodeAttention.Launch<Float16>(queue, queries, segments);
        else DecodeAttention.Launch<Float32>(queue, queries, segments);
        return true;
    }

    private static void Gpu<T>(IlgpuQueue queue, QueryRows queries, HeadRows keys, HeadRows values) where T : unmanaged, IElement<T>
    {
        if (queries.Rows < FewestRows && DecodeAttention.Fits(queue, queries, keys, values))
        {
            DecodeAttention.Launch<T>(queue, queries, [new CacheSegment(keys, values, queries.Rows)]);
            return;
        }
        using Arena.Scope scope = queue.Scratch.Begin();
        Many<T>(queue, queries, Numbers(queue, queries, keys), Numbers(queue, queries, values));
    }

    /// <summary>Many queries use a key many times: bytes become numbers once, for all of them.</summary>
    private static Matrix Numbers(IlgpuQueue queue, QueryRows queries, HeadRows rows)
    {
        if (!rows.AreBytes) return rows.Numbers;
        Matrix numbers = queue.Scratch.Take(rows.Rows, rows.Columns, queries.Q.Type);
        DequantizeHeads.Run(queue, rows, queries.HeadSize, numbers);
        return numbers;
    }

    private static void Many<T>(IlgpuQueue queue, QueryRows queries, Matrix keys, Matrix values) where T : unmanaged, IElement<T>
    {
        if (TensorCore(queue, queries, keys, values)) return;
        (Matrix q, IntVector positions, int headSize, Matrix y, Matrix? logSums) = queries;
        if (GroupAttention.Fits(queue, headSize, GroupAttention.LargestHead, q, keys, values))
        {
            Index3D groups = GroupAttention.Groups(queries.Rows, queries.Heads);
            if (logSums is { } kept)
                queue.LaunchGroups(KeepingGroupKernel, groups, q.Eights<T>(), keys.Eights<T>(), values.Eights<T>(), positions.Gpu(),
                    headSize, y.Gpu<T>(), kept.Gpu());
            else
                queue.LaunchGroups(GroupKernel, groups, q.Eights<T>(), keys.Eights<T>(), values.Eights<T>(), positions.Gpu(), headSize,
                    y.Gpu<T>());
            return;
        }
        queue.Launch(Kernel, (long)queries.Rows * queries.Heads, q.Gpu<T>(), keys.Gpu<T>(), values.Gpu<T>(), positions.Gpu(), headSize,
            DeviceSoftmaxAttention.Sums(queue, y).Gpu(), y.Gpu<T>(), logSums.GpuOrNone(positions.Buffer));
    }
}
