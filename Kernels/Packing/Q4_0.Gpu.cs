using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Q4_0: a block's 32 nibbles are 4 words, column 8k + i in bits 4i of word k; scales as in <see cref="DeviceQ8_0"/>.</summary>
/// <remarks>In the file a byte holds columns j and j + 16; put in order, a word is eight columns.</remarks>
internal readonly unsafe struct DeviceQ4_0 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => columns / 8;

    public static int ScaleWords(int columns) => DeviceQ8_0.ScaleWords(columns);

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 32; block++, source += 18)
        {
            ((ushort*)scales)[block] = *(ushort*)source;
            PackedLevels.SplitNibbles(source + 2, 16, words + block * 4);
        }
    }

    public BlockScale Scale(WeightView weight, int row, int column) => new() { Step = PackedLevels.Half(weight, row, column / 32) };

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
        => F8.Scaled(Levels.OfNibbles(weight.Words[row * weight.RowWords + column / 8], 8f), scale.Step);

    public int Eights => 4;

    public WeightPiece Fetch(WeightView weight, int row, int index)
        => PackedLevels.NibblePiece(weight, row, index, Scale(weight, row, index * 32));

    public F8 Eight(WeightPiece piece, int part) => Levels.OfNibbles(piece.A.Word(part), 8f);

    public float Factor(WeightPiece piece, int part) => piece.Scale.Step;
}
