using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

public static partial class CausalAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row of one query head.</summary>
    [Kernel]
    internal static void Kernel<T>(Index1D item, MatrixView<T> q, MatrixView<T> keys, MatrixView<T> values, ArrayView<int> positions,
        int headSize, MatrixView<Float32> sums,
        MatrixView<T> y)
        where T : unmanaged, IElement<T>
    {
        int heads = y.Columns / headSize;
        if (item >= y.Rows * heads) return;
        int row = item / heads, head = item % heads, group = y.Columns / keys.Columns, shared = head / group * headSize;
        DeviceSoftmaxAttention.Row(q, head * headSize, keys, shared, values, shared, 0, 1, positions[row] + 1, headSize, sums, y, row,
            head * headSize);
    }

    /// <summary>A group is 16 rows (Grid.IdxX) of one query head (IdxY).</summary>
    [Kernel(Group = GroupAttention.Items)]
    internal static void GroupKernel<T>(EightsView<T> q, EightsView<T> keys, EightsView<T> values, ArrayView<int> positions, int headSize,
        MatrixView<T> y)
        where T : unmanaged, IElement<T>
    {
        int head = Grid.IdxY, shared = head / (y.Columns / keys.Columns) * headSize;
        GroupAttention.Tile(new CausalMap(positions, y.Rows), q, head * headSize, keys, shared, values, shared, headSize, y,
            head * headSize);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix q, HeadRows keys, HeadRows values, IntVector positions, int headSize, Matrix y)
    {
        if (q.Type == StorageType.F16) Gpu<Float16>(queue, q, keys, values, positions, headSize, y);
        else Gpu<Float32>(queue, q, keys, values, positions, headSize, y);
    }

    /// <summary>False where each conversation needs a launch of its own.</summary>
    private static bool GpuBatch(IlgpuQueue queue, Matrix q, ReadOnlySpan<CacheSegment> segments, IntVector positions, int headSize,
        Matrix y)
    {
        if (!CacheSets.Fit(queue, segments)) return false;
        foreach (CacheSegment segment in segments)
        {
            if (!GroupAttention.Fits(queue, headSize, DecodeAttention.LargestHead, q, segment.Keys.Numbers, segment.Values.Numbers))
                return false;
        }
        if (q.Type == StorageType.F16) DecodeAttention.Launch<Float16>(queue, q, segments, positions, headSize, y);
        else DecodeAttention.Launch<Float32>(queue, q, segments, positions, headSize, y);
        return true;
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix q, HeadRows keys, HeadRows values, IntVector positions, int headSize, Matrix y)
        where T : unmanaged, IElement<T>
    {
        if (q.Rows < FewestRows && GroupAttention.Fits(queue, headSize, DecodeAttention.LargestHead, q, keys.Numbers, values.Numbers))
        {
            DecodeAttention.Launch<T>(queue, q, [new CacheSegment(keys, values, q.Rows)], positions, headSize, y);
            return;
        }
        using Arena.Scope scope = queue.Scratch.Begin();
        Many<T>(queue, q, Numbers(queue, keys, headSize, q.Type), Numbers(queue, values, headSize, q.Type), positions, headSize, y);
    }

    /// <summary>Many queries use a key many times: bytes become numbers once, for all of them.</summary>
    private static Matrix Numbers(IlgpuQueue queue, HeadRows rows, int headSize, StorageType type)
    {
        if (!rows.AreBytes) return rows.Numbers;
        Matrix numbers = queue.Scratch.Take(rows.Rows, rows.Columns, type);
        DequantizeHeads.Run(queue, rows, headSize, numbers);
        return numbers;
    }

    private static void Many<T>(IlgpuQueue queue, Matrix q, Matrix keys, Matrix values, IntVector positions, int headSize, Matrix y)
        where T : unmanaged, IElement<T>
    {
        if (TensorCore(queue, q, keys, values, positions, headSize, y)) return;
        if (GroupAttention.Fits(queue, headSize, GroupAttention.LargestHead, q, keys, values))
        {
            queue.LaunchGroups(GroupKernel, GroupAttention.Groups(y.Rows, y.Columns / headSize),
                q.Eights<T>(), keys.Eights<T>(), values.Eights<T>(), positions.Gpu(), headSize, y.Gpu<T>());
            return;
        }
        queue.Launch(Kernel, (long)y.Rows * (y.Columns / headSize),
            q.Gpu<T>(), keys.Gpu<T>(), values.Gpu<T>(), positions.Gpu(), headSize, DeviceSoftmaxAttention.Sums(queue, y).Gpu(), y.Gpu<T>());
    }
}
