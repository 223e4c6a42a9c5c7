namespace EdgeVideoLlava.Kernels;

/// <summary>What the block types share on the device.</summary>
internal static unsafe class PackedLevels
{
    /// <summary>Bytes that hold column j low and column j + count high, to words of eight consecutive columns.</summary>
    public static void SplitNibbles(byte* source, int count, uint* words)
    {
        for (int i = 0; i < count / 8; i++)
        {
            ulong eight = ((ulong*)source)[i];
            words[i] = Gather(eight);
            words[count / 8 + i] = Gather(eight >> 4);
        }
    }

    /// <summary>32 bytes that hold columns i, i + 32, i + 64 and i + 96 in bits 0-1, 2-3, 4-5 and 6-7, to words of 16 consecutive columns.</summary>
    public static void SplitPairs(byte* source, uint* words)
    {
        for (int i = 0; i < 4; i++)
        {
            ulong eight = ((ulong*)source)[i];
            for (int part = 0; part < 4; part++) ((ushort*)words)[part * 4 + i] = GatherPairs(eight >> part * 2);
        }
    }

    /// <summary>The half-precision scale of a row's block.</summary>
    public static float Half(WeightView weight, int row, int block)
        => DeviceMath.HalfToFloat(weight.Words[weight.Scales + row * weight.ScaleWords + (block >> 1)] >> (block & 1) * 16);

    /// <summary>Of a row's block d (low half of its scale word) and m (high half): d · q + m.</summary>
    public static BlockScale StepAndMinimum(WeightView weight, int row, int block)
    {
        uint word = weight.Words[weight.Scales + row * weight.ScaleWords + block];
        return new BlockScale { Step = DeviceMath.HalfToFloat(word), Offset = -DeviceMath.UpperHalfToFloat(word) };
    }

    /// <summary>Step · level − Offset. The product is exact (at most 21 bits), so that fused or not the result is the same.</summary>
    public static F8 Nibbles(uint word, BlockScale scale) => new()
    {
        X0 = (int)(word & 15u) * scale.Step - scale.Offset,
        X1 = (int)(word >> 4 & 15u) * scale.Step - scale.Offset,
        X2 = (int)(word >> 8 & 15u) * scale.Step - scale.Offset,
        X3 = (int)(word >> 12 & 15u) * scale.Step - scale.Offset,
        X4 = (int)(word >> 16 & 15u) * scale.Step - scale.Offset,
        X5 = (int)(word >> 20 & 15u) * scale.Step - scale.Offset,
        X6 = (int)(word >> 24 & 15u) * scale.Step - scale.Offset,
        X7 = (int)(word >> 28) * scale.Step - scale.Offset,
    };

    /// <summary>As <see cref="Nibbles"/>, with the fifth bits that stand behind a row's nibbles, a word a block.</summary>
    public static F8 FiveBits(WeightView weight, int row, int column, BlockScale scale)
        => FiveBits(weight.Words[row * weight.RowWords + column / 8], Fifth(weight, row, column / 32) >> (column & 24), scale);

    /// <summary>The fifth bits of a row's block: bit i is column i.</summary>
    public static uint Fifth(WeightView weight, int row, int block) => weight.Words[row * weight.RowWords + weight.Columns / 8 + block];

    /// <summary>A block of 32 nibbles, which is one load.</summary>
    public static WeightPiece NibblePiece(WeightView weight, int row, int block, BlockScale scale)
        => new() { A = weight.Quads[row * (weight.RowWords / 4) + block], Scale = scale };

    public static WeightPiece FiveBitPiece(WeightView weight, int row, int block, BlockScale scale)
    {
        WeightPiece piece = NibblePiece(weight, row, block, scale);
        piece.B = new U4 { X = Fifth(weight, row, block) };
        return piece;
    }

    public static F8 FiveBits(WeightPiece piece, int part) => FiveBits(piece.A.Word(part), piece.B.X >> 8 * part, piece.Scale);

    /// <param name="fifth">Those of the eight columns are the lowest.</param>
    public static F8 FiveBits(uint word, uint fifth, BlockScale scale) => new()
    {
        X0 = (int)(word & 15u | fifth << 4 & 16u) * scale.Step - scale.Offset,
        X1 = (int)(word >> 4 & 15u | fifth << 3 & 16u) * scale.Step - scale.Offset,
        X2 = (int)(word >> 8 & 15u | fifth << 2 & 16u) * scale.Step - scale.Offset,
        X3 = (int)(word >> 12 & 15u | fifth << 1 & 16u) * scale.Step - scale.Offset,
        X4 = (int)(word >> 16 & 15u | fifth & 16u) * scale.Step - scale.Offset,
        X5 = (int)(word >> 20 & 15u | fifth >> 1 & 16u) * scale.Step - scale.Offset,
        X6 = (int)(word >> 24 & 15u | fifth >> 2 & 16u) * scale.Step - scale.Offset,
        X7 = (int)(word >> 28 | fifth >> 3 & 16u) * scale.Step - scale.Offset,
    };

    private static uint Gather(ulong bytes)
    {
        bytes &= 0x0f0f0f0f0f0f0f0f;
        bytes = (bytes | bytes >> 4) & 0x00ff00ff00ff00ff;
        bytes = (bytes | bytes >> 8) & 0x0000ffff0000ffff;
        return (uint)(bytes | bytes >> 16);
    }

    private static ushort GatherPairs(ulong bytes)
    {
        bytes &= 0x0303030303030303;
        bytes = (bytes | bytes >> 6) & 0x000f000f000f000f;
        bytes = (bytes | bytes >> 12) & 0x000000ff000000ff;
        return (ushort)(bytes | bytes >> 24);
    }
}
