namespace EdgeVideoLlava.Kernels;

/// <summary>How numbers are stored. Block types (GGUF's Q8_0, Q4_0, ...) join here when their packing exists.</summary>
public enum StorageType
{
    F32,
    F16,
    BF16,
    I64,
    I32,
    U8,
}

public static class StorageTypes
{
    /// <summary>Bytes that <paramref name="elements"/> numbers of a type take.</summary>
    public static long Bytes(this StorageType type, long elements) => elements * type.ElementBytes();

    public static int ElementBytes(this StorageType type) => type switch
    {
        StorageType.I64 => 8,
        StorageType.F32 or StorageType.I32 => 4,
        StorageType.F16 or StorageType.BF16 => 2,
        StorageType.U8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
