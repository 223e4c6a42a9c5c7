namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>How numbers are stored: one by one, or in blocks of 32 or 256 that share scales (the block types of GGUF,
/// laid out as in docs/formats.md).</summary>
public enum StorageType
{
    /// <summary>Binary32.</summary>
    F32,

    /// <summary>Binary16.</summary>
    F16,

    /// <summary>Bfloat16.</summary>
    BF16,

    /// <summary>64-bit integers.</summary>
    I64,

    /// <summary>32-bit integers.</summary>
    I32,

    /// <summary>Bytes without sign.</summary>
    U8,

    /// <summary>Bytes with sign.</summary>
    I8,

    /// <summary>32 signed bytes with a binary16 scale: 8.5 bits a number.</summary>
    Q8_0,

    /// <summary>32 numbers of 4 bits with a scale: 4.5 bits.</summary>
    Q4_0,

    /// <summary>32 numbers of 4 bits with a scale and a minimum: 5 bits.</summary>
    Q4_1,

    /// <summary>32 numbers of 5 bits with a scale: 5.5 bits.</summary>
    Q5_0,

    /// <summary>32 numbers of 5 bits with a scale and a minimum: 6 bits.</summary>
    Q5_1,

    /// <summary>256 numbers of 2 bits, scales and minima of 16: 2.625 bits.</summary>
    Q2_K,

    /// <summary>256 numbers of 3 bits, scales of 16: 3.4375 bits.</summary>
    Q3_K,

    /// <summary>256 numbers of 4 bits, scales and minima of 32: 4.5 bits.</summary>
    Q4_K,

    /// <summary>256 numbers of 5 bits, scales and minima of 32: 5.5 bits.</summary>
    Q5_K,

    /// <summary>256 numbers of 6 bits, scales of 16: 6.5625 bits.</summary>
    Q6_K,

    /// <summary>32 indices of 4 bits into a table of 16 levels, with a scale: 4.5 bits.</summary>
    IQ4_NL,
}

/// <summary>What each type of storage takes.</summary>
internal static class StorageTypes
{
    /// <summary>Bytes that <paramref name="elements"/> numbers of a type take.</summary>
    /// <exception cref="ArgumentException">They are not whole blocks.</exception>
    public static long Bytes(this StorageType type, long elements)
    {
        if (!type.IsBlock()) return elements * type.ElementBytes();
        (int columns, int bytes) = type.Block();
        if (elements % columns != 0)
            throw new ArgumentException($"{elements} numbers are not whole blocks of {type}, which hold {columns}");
        return elements / columns * bytes;
    }

    /// <summary>Bytes of one number of a type that stores its numbers one by one.</summary>
    public static int ElementBytes(this StorageType type) => type switch
    {
        StorageType.I64 => 8,
        StorageType.F32 or StorageType.I32 => 4,
        StorageType.F16 or StorageType.BF16 => 2,
        StorageType.U8 or StorageType.I8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>Numbers are stored in blocks that share scales.</summary>
    public static bool IsBlock(this StorageType type) => type >= StorageType.Q8_0;

    /// <summary>Numbers that are stored together: rows of a weight are a multiple of it.</summary>
    public static int BlockColumns(this StorageType type) => type.IsBlock() ? type.Block().Columns : 1;

    /// <summary>The type that takes the place of this one for rows of another length than whole blocks: llama-quantize's rule.</summary>
    /// <remarks>Q4_K becomes Q5_0, Q5_K Q5_1, Q6_K Q8_0, the smaller ones Q4_0 (IQ4_NL there); F16 where 32 do not
    /// divide the row either.</remarks>
    public static StorageType ForRows(this StorageType type, int columns)
    {
        if (columns % type.BlockColumns() == 0) return type;
        StorageType smaller = type switch
        {
            StorageType.Q4_K => StorageType.Q5_0,
            StorageType.Q5_K => StorageType.Q5_1,
            StorageType.Q6_K => StorageType.Q8_0,
            StorageType.Q2_K or StorageType.Q3_K => StorageType.Q4_0,
            _ => StorageType.F16,
        };
        return columns % smaller.BlockColumns() == 0 ? smaller : StorageType.F16;
    }

    private static (int Columns, int Bytes) Block(this StorageType type)
        => BlockFormat.Of(type) is { } format ? (format.Columns, format.Bytes)
        : throw new ArgumentOutOfRangeException(nameof(type), type, null);
}
