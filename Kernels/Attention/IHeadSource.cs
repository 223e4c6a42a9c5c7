using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Keys or values of one head as the CPU reads them, a block of rows at a time: where they lie, or made into
/// numbers in the reader's scratch.</summary>
internal unsafe interface IHeadSource<TSelf> where TSelf : IHeadSource<TSelf>
{
    /// <summary>Floats from a row of a block to the next.</summary>
    long Stride { get; }

    /// <summary>The same rows' next heads.</summary>
    TSelf Head(int head, int headSize);

    /// <summary>Floats of scratch for a block of so many rows.</summary>
    int Scratch(int rows);

    /// <summary>Address of rows first to first + count - 1.</summary>
    float* Block<V>(int first, int count, float* scratch) where V : unmanaged, ILanes<V>;
}

/// <summary>float32 numbers, read where they are.</summary>
internal readonly unsafe struct FloatHead(float* rows, long stride) : IHeadSource<FloatHead>
{
    public long Stride => stride;

    public FloatHead Head(int head, int headSize) => new(rows + head * headSize, stride);

    public int Scratch(int rows) => 0;

    public float* Block<V>(int first, int count, float* scratch) where V : unmanaged, ILanes<V> => rows + first * stride;
}

/// <summary>Signed bytes with a scale a row: a block becomes numbers while it is in the cache.</summary>
internal readonly unsafe struct ByteHead(sbyte* levels, long stride, float* scales, long scaleStride, int headSize) : IHeadSource<ByteHead>
{
    public ByteHead(HeadRows rows, int headSize)
        : this(rows.Numbers.CpuLevels(0), rows.Numbers.Stride, rows.Scales!.Value.Cpu(), rows.Scales!.Value.Stride, headSize)
    {
    }

    public long Stride => headSize;

    public ByteHead Head(int head, int headSize) => new(levels + head * headSize, stride, scales + head, scaleStride, headSize);

    public int Scratch(int rows) => rows * headSize;

    public float* Block<V>(int first, int count, float* scratch) where V : unmanaged, ILanes<V>
    {
        for (int row = 0; row < count; row++) Row<V>(first + row, scratch + row * headSize);
        return scratch;
    }

    public void Row<V>(int row, float* target) where V : unmanaged, ILanes<V>
    {
        sbyte* source = levels + row * stride;
        float scale = scales[row * scaleStride];
        int c = 0;
        for (V factor = V.All(scale); c + V.Count <= headSize; c += V.Count) (V.LoadBytes(source + c) * factor).Store(target + c);
        for (; c < headSize; c++) target[c] = source[c] * scale;
    }
}
