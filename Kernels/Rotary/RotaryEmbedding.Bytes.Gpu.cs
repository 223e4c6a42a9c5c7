using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Rotary;

/// <summary>Into a cache of bytes: as many items as make one head together find its largest magnitude, then its levels.</summary>
internal static partial class RotaryEmbedding
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    internal const int GroupItems = 64;

    /// <summary>One item is one head of one row.</summary>
    [Kernel]
    internal static void ByteKernel<T>(Index1D item, MatrixView<T> qkv, MatrixView<Float32> cos, MatrixView<Float32> sin,
        ArrayView<int> positions, MatrixView<T> queries,
        HeadRowsView<MatrixView<Int8>> keys, HeadRowsView<MatrixView<Int8>> values) where T : unmanaged, IElement<T>
    {
        int heads = qkv.Columns / (2 * cos.Columns);
        if (item < qkv.Rows * heads) Head<OneItem, T>(item / heads, item % heads, qkv, cos, sin, positions, queries, keys, values);
    }

    /// <summary>A group is one head (Grid.IdxX) of one row (IdxY), an item some of its pairs.</summary>
    [Kernel(Group = GroupItems)]
    internal static void ByteGroupKernel<T>(MatrixView<T> qkv, MatrixView<Float32> cos, MatrixView<Float32> sin, ArrayView<int> positions,
        MatrixView<T> queries,
        HeadRowsView<MatrixView<Int8>> keys, HeadRowsView<MatrixView<Int8>> values) where T : unmanaged, IElement<T>
        => Head<ItemGroup, T>(Grid.IdxY, Grid.IdxX, qkv, cos, sin, positions, queries, keys, values);

    /// <summary>As above; a row is a conversation's, with a cache of its own.</summary>
    [Kernel(Group = GroupItems)]
    internal static void ByteBatchKernel<T>(MatrixView<T> qkv, MatrixView<Float32> cos, MatrixView<Float32> sin, ArrayView<int> positions,
        MatrixView<T> queries, CacheSet<MatrixView<Int8>> caches)
        where T : unmanaged, IElement<T>
        => Head<ItemGroup, T>(Grid.IdxY, Grid.IdxX, qkv, cos, sin, positions, queries, caches.Keys(Grid.IdxY), caches.Values(Grid.IdxY));

    private static void Head<TItems, T>(int row, int head, MatrixView<T> qkv, MatrixView<Float32> cos, MatrixView<Float32> sin,
        ArrayView<int> positions, MatrixView<T> queries,
        HeadRowsView<MatrixView<Int8>> keys, HeadRowsView<MatrixView<Int8>> values) where TItems : unmanaged, IHeadItems
        where T : unmanaged, IElement<T>
    {
        TItems items = default;
        int half = cos.Columns;
        int first = head * 2 * half;
        int position = positions[row];
        int key = first - queries.Columns;
        int value = key - keys.Numbers.Columns;
        if (key < 0)
        {
            for (int i = items.First; i < half; i += items.Step)
            {
                Pair pair = Pair.Turned(qkv, row, first + i, half, cos[position, i], sin[position, i]);
                Store(queries, row, first + i, half, pair.Low, pair.High);
            }
            return; // all items of the head
        }
        float largest = 0f;
        for (int i = items.First; i < half; i += items.Step)
        {
            Pair pair = Of(qkv, row, first + i, half, cos, sin, position, i, value);
            largest = XMath.Max(largest, XMath.Max(XMath.Abs(pair.Low), XMath.Abs(pair.High)));
        }
        DeviceBlockQ8_0 rule = default;
        float scale = rule.Step(items.Largest(largest)), inverse = scale != 0f ? DeviceMath.Divide(1f, scale) : 0f;
        for (int i = items.First; i < half; i += items.Step)
        {
            Pair pair = Of(qkv, row, first + i, half, cos, sin, position, i, value);
            float low = rule.SignedLevel(pair.Low, inverse), high = rule.SignedLevel(pair.High, inverse);
            if (value < 0) Store(keys.Numbers, position, key + i, half, low, high);
            else Store(values.Numbers, position, value + i, half, low, high);
        }
        if (items.First > 0) return;
        if (value < 0) Set(keys.Scales, position, key / (2 * half), scale);
        else Set(values.Scales, position, value / (2 * half), scale);
    }

    private static void Set(MatrixView<Float32> scales, int row, int head, float scale) => scales[row, head] = scale;

    /// <summary>Of a key, turned, or of a value as it is.</summary>
    private static Pair Of<T>(MatrixView<T> qkv, int row, int column, int half, MatrixView<Float32> cos, MatrixView<Float32> sin,
        int position, int i, int value) where T : unmanaged, IElement<T>
        => value < 0 ? Pair.Turned(qkv, row, column, half, cos[position, i], sin[position, i])
        : new Pair { Low = qkv[row, column], High = qkv[row, column + half] };

    private struct Pair
    {
        public float Low, High;

        public static Pair Turned<T>(MatrixView<T> qkv, int row, int column, int half, float c, float s) where T : unmanaged, IElement<T>
        {
            float a = qkv[row, column], b = qkv[row, column + half];
            return new Pair { Low = a * c - b * s, High = b * c + a * s };
        }
    }

    /// <summary>The items of a head: their pairs, and what they find together.</summary>
    private interface IHeadItems
    {
        int First { get; }

        int Step { get; }

        float Largest(float own);
    }

    private readonly struct OneItem : IHeadItems
    {
        public int First => 0;

        public int Step => 1;

        public float Largest(float own) => own;
    }

    private readonly struct ItemGroup : IHeadItems
    {
        public int First => Group.IdxX;

        public int Step => GroupItems;

        public float Largest(float own) => GroupReduce.All<Largest>(SharedMemory.Allocate<float>(GroupItems), own, GroupItems);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void GpuBytes<T>(IlgpuQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries,
        HeadRows keys, HeadRows values)
        where T : unmanaged, IElement<T>
    {
        if (queue.Tier == KernelTier.Processor) queue.Launch(ByteKernel, (long)qkv.Rows * (qkv.Columns / (2 * cos.Columns)),
            qkv.Gpu<T>(), cos.Gpu(), sin.Gpu(), positions.Gpu(), queries.Gpu<T>(), keys.Bytes(), values.Bytes());
        else queue.LaunchGroups(ByteGroupKernel, Heads(qkv, cos),
            qkv.Gpu<T>(), cos.Gpu(), sin.Gpu(), positions.Gpu(), queries.Gpu<T>(), keys.Bytes(), values.Bytes());
    }

    private static Index3D Heads(Matrix qkv, Matrix cos) => new(qkv.Columns / (2 * cos.Columns), qkv.Rows, 1);
}
