using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

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

    /// <summary>32 bytes that hold columns i, i + 32, i + 64 and i + 96 in bits 0-1, 2-3, 4-5 and 6-7, to halves of
    /// words of eight consecutive columns.</summary>
    /// <remarks>Columns 0 to 3 in bits 0, 4, 8 and 12, 4 to 7 in bits 2, 6, 10 and 14: one shift brings four of them
    /// above their nibbles.</remarks>
    public static void SplitPairs(byte* source, uint* words)
    {
        for (int i = 0; i < 4; i++)
        {
            ulong eight = ((ulong*)source)[i];
            for (int part = 0; part < 4; part++) ((ushort*)words)[part * 4 + i] = GatherPairs(eight >> part * 2);
        }
    }

    /// <summary>A block's fifth bits, column i in bit i, to a word that holds column 8p + j in bit 4j + p: one shift
    /// brings four of them above their nibbles.</summary>
    public static uint SpreadFifths(uint bits)
        => SpreadBits(bits & 255u) | SpreadBits(bits >> 8 & 255u) << 1 | SpreadBits(bits >> 16 & 255u) << 2 | SpreadBits(bits >> 24) << 3;

    /// <summary>The half-precision scale of a row's block.</summary>
    public static float Half(WeightView weight, int row, int block)
        => DeviceMath.HalfToFloat(weight.Words[weight.Scales + row * weight.ScaleWords + (block >> 1)] >> (block & 1) * 16);

    /// <summary>Of a row's block d (low half of its scale word) and m (high half): d · q + m.</summary>
    public static BlockScale StepAndMinimum(WeightView weight, int row, int block)
    {
        uint word = weight.Words[weight.Scales + row * weight.ScaleWords + block];
        return new BlockScale { Step = DeviceMath.HalfToFloat(word), Offset = -DeviceMath.UpperHalfToFloat(word) };
    }

    /// <summary>Scale and minimum of a group of 32 columns of Q4_K and Q5_K, whose first 16 bytes are four words of the scales.</summary>
    /// <remarks>The 6-bit fields are those of <see cref="AffineSuperBlock"/>: its bytes 0..3, 4..7 and 8..11 are the words Y, Z and
    /// W.</remarks>
    public static BlockScale AffineScale(WeightView weight, int row, int column)
    {
        U4 head = weight.Quads[(weight.Scales + row * weight.ScaleWords) / 4 + column / 256];
        int shift = (column / 32 & 3) * 8;
        uint low = head.Y >> shift, middle = head.Z >> shift, high = head.W >> shift;
        bool upper = (column / 32 & 4) != 0;
        uint step = upper ? high & 15u | (low >> 6 & 3u) << 4 : low & 63u;
        uint offset = upper ? high >> 4 & 15u | (middle >> 6 & 3u) << 4 : middle & 63u;
        return new BlockScale
        {
            Step = DeviceMath.HalfToFloat(head.X) * (int)step,
            Offset = DeviceMath.UpperHalfToFloat(head.X) * (int)offset
        };
    }

    /// <summary>Step · level − Offset. The product is exact (at most 22 bits), so that fused or not the result is the same.</summary>
    public static F8 Nibbles(uint word, BlockScale scale) => F8.Scaled(Levels.OfNibbles(word, 0f), scale.Step, scale.Offset);

    /// <summary>Levels of nibbles with the fifth bits that stand behind a row's nibbles, a word a block.</summary>
    public static F8 FiveBits(WeightView weight, int row, int column, float bias)
        => FiveBits(weight.Words[row * weight.RowWords + column / 8],
            weight.Words[row * weight.RowWords + weight.Columns / 8 + column / 32], column / 8 & 3, bias);

    /// <summary>A block of 32 nibbles, which is one load.</summary>
    public static WeightPiece NibblePiece(WeightView weight, int row, int block, BlockScale scale)
        => new() { A = weight.Quads[row * (weight.RowWords / 4) + block], Scale = scale };

    public static WeightPiece FiveBitPiece(WeightView weight, int row, int block, BlockScale scale)
    {
        WeightPiece piece = NibblePiece(weight, row, block, scale);
        piece.B = new U4 { X = weight.Words[row * weight.RowWords + weight.Columns / 8 + block] };
        return piece;
    }

    public static F8 FiveBits(WeightPiece piece, int part, float bias) => FiveBits(piece.A.Word(part), piece.B.X, part, bias);

    private static F8 FiveBits(uint word, uint fifth, int part, float bias)
        => Levels.OfNibbles(word, fifth << (4 - part), fifth >> (12 + part), 0x10u, bias);

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
        bytes = (bytes | bytes >> 4) & 0x0033003300330033;
        bytes = (bytes | bytes >> 8) & 0x0000333300003333;
        return (ushort)(bytes | bytes >> 30);
    }

    private static uint SpreadBits(uint bits)
    {
        bits = (bits | bits << 12) & 0x000f000fu;
        bits = (bits | bits << 6) & 0x03030303u;
        return (bits | bits << 3) & 0x11111111u;
    }
}
