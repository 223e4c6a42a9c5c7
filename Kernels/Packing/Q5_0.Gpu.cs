using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>
/// Q5_0: a row's nibbles as in <see cref="DeviceQ4_0"/>, behind them its fifth bits, a word a block
/// (<see cref="PackedLevels.SpreadFifths"/>), padded to four words; scales as in <see cref="DeviceQ8_0"/>.
/// </summary>
/// <remarks>Apart from the nibbles, so that a block's nibbles still are one load of 128 bits.</remarks>
internal readonly unsafe struct DeviceQ5_0 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => columns / 8 + (columns / 32 + 3) / 4 * 4;

    public static int ScaleWords(int columns) => DeviceQ8_0.ScaleWords(columns);

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 32; block++, source += 22)
        {
            ((ushort*)scales)[block] = *(ushort*)source;
            words[columns / 8 + block] = PackedLevels.SpreadFifths(*(uint*)(source + 2));
            PackedLevels.SplitNibbles(source + 6, 16, words + block * 4);
        }
    }

    public BlockScale Scale(WeightView weight, int row, int column) => new() { Step = PackedLevels.Half(weight, row, column / 32) };

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
        => F8.Scaled(PackedLevels.FiveBits(weight, row, column, 16f), scale.Step);

    public int Eights => 4;

    public WeightPiece Fetch(WeightView weight, int row, int index)
        => PackedLevels.FiveBitPiece(weight, row, index, Scale(weight, row, index * 32));

    public F8 Eight(WeightPiece piece, int part) => PackedLevels.FiveBits(piece, part, 16f);

    public float Factor(WeightPiece piece, int part) => piece.Scale.Step;
}
