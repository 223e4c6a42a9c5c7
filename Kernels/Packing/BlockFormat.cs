namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>The block of a storage type, chosen at run time: its sizes, and its conversions over many blocks in a row.</summary>
internal sealed unsafe class BlockFormat
{
    private static readonly Dictionary<StorageType, BlockFormat> Formats = new()
    {
        [StorageType.F16] = Writable<F16>(),
        [StorageType.BF16] = Writable<BF16>(),
        [StorageType.Q8_0] = Writable<Q8_0>(),
        [StorageType.Q4_0] = Writable<Q4_0>(),
        [StorageType.Q4_1] = Writable<Q4_1>(),
        [StorageType.Q5_0] = Writable<Q5_0>(),
        [StorageType.Q5_1] = Writable<Q5_1>(),
        [StorageType.Q2_K] = Readable<Q2_K>(),
        [StorageType.Q3_K] = Readable<Q3_K>(),
        [StorageType.Q4_K] = Writable<Q4_K>(),
        [StorageType.Q5_K] = Writable<Q5_K>(),
        [StorageType.Q6_K] = Writable<Q6_K>(),
        [StorageType.IQ4_NL] = Readable<IQ4_NL>(),
    };

    private BlockFormat(int columns, int bytes, delegate*<byte*, float*, long, void> dequantize)
    {
        (Columns, Bytes) = (columns, bytes);
        Dequantize = dequantize;
    }

    public int Columns { get; }

    public int Bytes { get; }

    /// <summary>(blocks, numbers, count of blocks)</summary>
    public delegate*<byte*, float*, long, void> Dequantize { get; }

    /// <summary>(numbers, blocks, count of blocks), true if all fit; null for a type that is only read.</summary>
    public delegate*<float*, byte*, long, bool> Quantize { get; private init; }

    /// <summary>(numbers, importance of each column, mean square of the row, blocks, count of blocks), as <see cref="Quantize"/>.</summary>
    public delegate*<float*, float*, float, byte*, long, bool> QuantizeWeighted { get; private init; }

    /// <summary>null for F32 and the types of whole numbers, which need no conversion.</summary>
    public static BlockFormat? Of(StorageType type) => Formats.GetValueOrDefault(type);

    private static BlockFormat Readable<TBlock>() where TBlock : unmanaged, IBlock<TBlock>
    {
        RequireSize<TBlock>();
        return new BlockFormat(TBlock.Columns, TBlock.Bytes, &DequantizeAll<TBlock>);
    }

    private static BlockFormat Writable<TBlock>() where TBlock : unmanaged, IWritableBlock<TBlock>
    {
        RequireSize<TBlock>();
        return new BlockFormat(TBlock.Columns, TBlock.Bytes, &DequantizeAll<TBlock>)
        {
            Quantize = &QuantizeAll<TBlock>,
            QuantizeWeighted = &QuantizeAllWeighted<TBlock>,
        };
    }

    private static void RequireSize<TBlock>() where TBlock : unmanaged, IBlock<TBlock>
    {
        if (sizeof(TBlock) != TBlock.Bytes)
            throw new InvalidOperationException($"{typeof(TBlock).Name} takes {sizeof(TBlock)} bytes, its format {TBlock.Bytes}");
    }

    private static void DequantizeAll<TBlock>(byte* source, float* target, long blocks) where TBlock : unmanaged, IBlock<TBlock>
    {
        for (long i = 0; i < blocks; i++) TBlock.Dequantize((TBlock*)source + i, target + i * TBlock.Columns);
    }

    private static bool QuantizeAll<TBlock>(float* source, byte* target, long blocks) where TBlock : unmanaged, IWritableBlock<TBlock>
    {
        bool fit = true;
        for (long i = 0; i < blocks; i++) fit &= TBlock.Quantize(source + i * TBlock.Columns, (TBlock*)target + i);
        return fit;
    }

    private static bool QuantizeAllWeighted<TBlock>(float* source, float* importance, float meanSquare, byte* target, long blocks)
        where TBlock : unmanaged, IWritableBlock<TBlock>
    {
        bool fit = true;
        for (long i = 0; i < blocks; i++, source += TBlock.Columns, importance += TBlock.Columns)
            fit &= TBlock.QuantizeWeighted(source, importance, meanSquare, (TBlock*)target + i);
        return fit;
    }
}
