using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

/// <summary>Bytes and scales on a device; what nothing has written keeps the scale <see cref="Before"/>.</summary>
internal sealed class ByteCache
{
    public const float Before = 123456f;

    private readonly int headSize;

    public ByteCache(KernelRig rig, int rows, int heads, int headSize)
    {
        this.headSize = headSize;
        Rows = new HeadRows(rig.Levels(new sbyte[rows * heads * headSize], rows, heads * headSize),
            rig.Dense([.. Enumerable.Repeat(Before, rows * heads)], rows, heads));
    }

    private ByteCache(HeadRows rows, int headSize, float[] numbers) => (Rows, this.headSize, Numbers) = (rows, headSize, numbers);

    public HeadRows Rows { get; }

    /// <summary>What the filled rows stand for.</summary>
    public float[] Numbers { get; } = [];

    /// <summary>Rows from <paramref name="filled"/> on are no numbers.</summary>
    public static ByteCache Random(KernelRig rig, int rows, int filled, int heads, int headSize)
    {
        var levels = new sbyte[rows * heads * headSize];
        rig.Random.NextBytes(MemoryMarshal.AsBytes(levels.AsSpan()));
        float[] scales = [.. Enumerable.Range(0, rows * heads)
            .Select(i => i < filled * heads ? 0.004f + 0.01f * rig.Random.NextSingle() : float.NaN)];
        float[] numbers = [.. Enumerable.Range(0, filled * heads * headSize).Select(i => levels[i] * scales[i / headSize])];
        return new ByteCache(new HeadRows(rig.Levels(levels, rows, heads * headSize), rig.Dense(scales, rows, heads)), headSize, numbers);
    }

    public (float[] Numbers, float[] Scales) Read(KernelRig rig)
    {
        Matrix numbers = rig.Result(Rows.Rows, Rows.Columns);
        DequantizeHeads.Run(rig.Queue, Rows, headSize, numbers);
        return (rig.Read(numbers), rig.Queue.Read(Rows.Scales!.Value));
    }
}
