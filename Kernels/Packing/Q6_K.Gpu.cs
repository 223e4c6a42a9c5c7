using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>
/// Q6_K: a row's nibbles as in <see cref="DeviceQ4_0"/>, behind them its upper pairs of bits, those of 16 columns in a word
/// (<see cref="PackedLevels.SplitPairs"/>). Scales: the row's
/// signed bytes, one for 16 columns, in order; behind them its halves d, one a block, even block in the low half.
/// </summary>
internal readonly unsafe struct DeviceQ6_K : IDeviceWeights, IDevicePacking
{
    private const int BlockBytes = 210, Upper = 128, Bytes = 192, D = 208;

    public static int RowWords(int columns) => columns / 8 + columns / 16;

    public static int ScaleWords(int columns) => columns / 64 + (columns / 256 + 1) / 2;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        uint* upper = words + columns / 8;
        for (int block = 0; block < columns / 256; block++, source += BlockBytes)
        {
            Buffer.MemoryCopy(source + Bytes, scales + block * 4, 16, 16);
            ((ushort*)(scales + columns / 64))[block] = *(ushort*)(source + D);
            for (int half = 0; half < 2; half++)
            {
                PackedLevels.SplitNibbles(source + half * 64, 64, words + block * 32 + half * 16);
                PackedLevels.SplitPairs(source + Upper + half * 32, upper + block * 16 + half * 8);
            }
        }
    }

    /// <remarks>d · s has at most 18 bits, and with a level at most 23: every product is exact.</remarks>
    public BlockScale Scale(WeightView weight, int row, int column)
    {
        int at = weight.Scales + row * weight.ScaleWords;
        uint two = weight.Words[at + column / 64] >> (column / 32 & 1) * 16;
        float d = DeviceMath.HalfToFloat(weight.Words[at + weight.Columns / 64 + column / 512] >> (column / 256 & 1) * 16);
        return new BlockScale { Step = ((int)(two << 24) >> 24) * d, SecondStep = ((int)(two << 16) >> 24) * d };
    }

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
    {
        int at = row * weight.RowWords;
        F8 levels = SixBits(weight.Words[at + column / 8], weight.Words[at + weight.Columns / 8 + column / 16] >> (column / 8 & 1) * 16);
        return F8.Scaled(levels, (column & 16) == 0 ? scale.Step : scale.SecondStep);
    }

    public int Eights => 4;

    public WeightPiece Fetch(WeightView weight, int row, int index)
    {
        int upper = row * weight.RowWords + weight.Columns / 8 + 2 * index;
        return new WeightPiece
        {
            A = weight.Quads[row * (weight.RowWords / 4) + index],
            B = new U4 { X = weight.Words[upper], Y = weight.Words[upper + 1] },
            Scale = Scale(weight, row, index * 32),
        };
    }

    public F8 Eight(WeightPiece piece, int part) => SixBits(piece.A.Word(part), piece.B.Word(part / 2) >> part % 2 * 16);

    public float Factor(WeightPiece piece, int part) => part < 2 ? piece.Scale.Step : piece.Scale.SecondStep;

    private static F8 SixBits(uint low, uint high) => Levels.OfNibbles(low, high << 4, high << 2, 0x30u, 32f);
}
