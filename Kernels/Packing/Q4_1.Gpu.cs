using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Q4_1: nibbles as in <see cref="DeviceQ4_0"/>; a block's d (low half) and m (high half) are one scale word.</summary>
internal readonly unsafe struct DeviceQ4_1 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => columns / 8;

    public static int ScaleWords(int columns) => columns / 32;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 32; block++, source += 20)
        {
            scales[block] = *(uint*)source;
            PackedLevels.SplitNibbles(source + 4, 16, words + block * 4);
        }
    }

    public BlockScale Scale(WeightView weight, int row, int column) => PackedLevels.StepAndMinimum(weight, row, column / 32);

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
        => PackedLevels.Nibbles(weight.Words[row * weight.RowWords + column / 8], scale);

    public int Eights => 4;

    public WeightPiece Fetch(WeightView weight, int row, int index)
        => PackedLevels.NibblePiece(weight, row, index, Scale(weight, row, index * 32));

    public F8 Eight(WeightPiece piece, int part) => PackedLevels.Nibbles(piece.A.Word(part), piece.Scale);

    public float Factor(WeightPiece piece, int part) => 1f;
}
