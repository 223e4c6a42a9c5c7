using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Keys or values of a KV cache: numbers as they are, or signed bytes with a scale for each row and head.</summary>
/// <remarks>
/// x[r, h·d + c] = Numbers[r, h·d + c], of bytes · Scales[r, h];  Numbers (capacity, G·d) of F32, F16 or I8;  Scales
/// (capacity, G) of F32, for bytes only.
/// Bytes are made by the rule of <see cref="SignedBytes"/> from the d numbers of a head: 1 + 4/d bytes a number.
/// </remarks>
internal readonly record struct HeadRows(Matrix Numbers, Matrix? Scales = null)
{
    public int Rows => Numbers.Rows;
    public int Columns => Numbers.Columns;
    public bool AreBytes => Numbers.Type == StorageType.I8;

    public static implicit operator HeadRows(Matrix numbers) => new(numbers);

    public static HeadRows Allocate(ComputeDevice device, int rows, int heads, int headSize, StorageType type)
    {
        Matrix numbers = device.AllocateMatrix(rows, heads * headSize, type);
        return new HeadRows(numbers, type == StorageType.I8 ? device.AllocateMatrix(rows, heads) : null);
    }

    /// <summary>Bytes that a row of so many heads takes.</summary>
    public static long RowBytes(int heads, int headSize, StorageType type)
        => (long)heads * headSize * type.ElementBytes() + (type == StorageType.I8 ? heads * sizeof(float) : 0);

    /// <summary>Copies the first rows of one cache into another of the same kind.</summary>
    public static void Copy(ComputeQueue queue, HeadRows source, HeadRows target, int rows)
    {
        CopyRows.Run(queue, source.Numbers.RowRange(0, rows), target.Numbers.RowRange(0, rows));
        if (source.Scales is { } scales) CopyRows.Run(queue, scales.RowRange(0, rows), target.Scales!.Value.RowRange(0, rows));
    }

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        Numbers.Buffer.Dispose();
        Scales?.Buffer.Dispose();
    }

    internal static void Check(HeadRows keys, HeadRows values, int headSize)
    {
        Shapes.Same(keys.Numbers, values.Numbers);
        if (keys.Numbers.Type != values.Numbers.Type || keys.AreBytes != keys.Scales.HasValue || values.AreBytes != values.Scales.HasValue)
            throw new ArgumentException(
                $"keys of {keys.Numbers.Type} and values of {values.Numbers.Type}: both the same, with scales if and only if they are "
                + "bytes");
        if (keys.Scales is not { } scales) return;
        Shapes.Is(scales, keys.Rows, keys.Columns / headSize);
        Shapes.Same(scales, values.Scales!.Value);
    }
}
