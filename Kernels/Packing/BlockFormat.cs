namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>The block of a storage type, chosen at run time: its sizes, and its conversions over many blocks in a row.</summary>
internal sealed unsafe class BlockFormat
{
    private static readonly Dictionary<StorageType, BlockFormat> Formats = new()
    {
        [StorageType.F16] = Writable<F16>(),
        [StorageType.BF16] = Writable<BF16>(),
        [StorageType.Q8_0] = Levels<Q8_0>(),
        [StorageType.Q4_0] = Levels<Q4_0>(),
        [StorageType.Q4_1] = Levels<Q4_1>(),
        [StorageType.Q5_0] = Levels<Q5_0>(),
        [StorageType.Q5_1] = Levels<Q5_1>(),
        [StorageType.Q2_K] = Readable<Q2_K>(),
        [StorageType.Q3_K] = Readable<Q3_K>(),
        [StorageType.Q4_K] = Levels<Q4_K>(),
        [StorageType.Q5_K] = Levels<Q5_K>(),
        [StorageType.Q6_K] = Levels<Q6_K>(),
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

    /// <summary>How its numbers lie on grids; null for a type that has none, or is only read.</summary>
    public LevelFormat? Grids { get; private init; }

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

    private static BlockFormat Levels<TBlock>() where TBlock : unmanaged, ILevelBlock<TBlock>
    {
        RequireSize<TBlock>();
        return new BlockFormat(TBlock.Columns, TBlock.Bytes, &DequantizeAll<TBlock>)
        {
            Quantize = &QuantizeAll<TBlock>,
            QuantizeWeighted = &QuantizeAllWeighted<TBlock>,
            Grids = new LevelFormat(TBlock.Group, TBlock.Top, &Grid<TBlock>, &PutLevels<TBlock>),
        };
    }

    private static void Grid<TBlock>(byte* block, float* scales, float* offsets) where TBlock : unmanaged, ILevelBlock<TBlock>
        => TBlock.Grid((TBlock*)block, scales, offsets);

    private static void PutLevels<TBlock>(byte* block, byte* levels) where TBlock : unmanaged, ILevelBlock<TBlock>
        => TBlock.PutLevels((TBlock*)block, levels);

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

/// <summary>The grids of a storage type's blocks: <see cref="ILevelBlock{TSelf}"/>, chosen at run time.</summary>
internal sealed unsafe class LevelFormat(
    int group, int top, delegate*<byte*, float*, float*, void> grid, delegate*<byte*, byte*, void> putLevels)
{
    public int Group { get; } = group;

    public int Top { get; } = top;

    /// <summary>(block, scales, offsets)</summary>
    public delegate*<byte*, float*, float*, void> Grid { get; } = grid;

    /// <summary>(block, levels)</summary>
    public delegate*<byte*, byte*, void> PutLevels { get; } = putLevels;
}
