namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>How numbers are stored: one by one, or in blocks of 32 or 256 that share scales (the block types of GGUF,
/// laid out as in docs/formats.md).</summary>
public enum StorageType
{
    F32,
    F16,
    BF16,
    I64,
    I32,
    U8,
    I8,
    Q8_0,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
    IQ4_NL,
}

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
