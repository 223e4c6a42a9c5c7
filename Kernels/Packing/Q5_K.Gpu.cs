using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Q5_K: a row's nibbles and fifth bits as in <see cref="DeviceQ5_0"/>, a group of 32 columns for a block; scales as in
/// <see cref="DeviceQ4_K"/>.</summary>
internal readonly unsafe struct DeviceQ5_K : IDeviceWeights, IDevicePacking
{
    private const int BlockBytes = 176, Fifths = 16, Nibbles = 48;

    public static int RowWords(int columns) => DeviceQ5_0.RowWords(columns);

    public static int ScaleWords(int columns) => DeviceQ4_K.ScaleWords(columns);

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 256; block++, source += BlockBytes)
        {
            Buffer.MemoryCopy(source, scales + block * 4, 16, 16);
            for (int part = 0; part < 4; part++) PackedLevels.SplitNibbles(source + Nibbles + part * 32, 32, words + block * 32 + part * 8);
            for (int group = 0; group < 8; group++)
                words[columns / 8 + block * 8 + group] = PackedLevels.SpreadFifths(Fifth(source + Fifths, group));
        }
    }

    public BlockScale Scale(WeightView weight, int row, int column) => PackedLevels.AffineScale(weight, row, column);

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
        => F8.Scaled(PackedLevels.FiveBits(weight, row, column, 0f), scale.Step, scale.Offset);

    public int Eights => 4;

    public WeightPiece Fetch(WeightView weight, int row, int index)
        => PackedLevels.FiveBitPiece(weight, row, index, Scale(weight, row, index * 32));

    public F8 Eight(WeightPiece piece, int part) => F8.Scaled(PackedLevels.FiveBits(piece, part, 0f), piece.Scale.Step, piece.Scale.Offset);

    public float Factor(WeightPiece piece, int part) => 1f;

    /// <summary>A group's fifth bits, column i in bit i: they stand in bit "group" of byte i.</summary>
    private static uint Fifth(byte* fifths, int group)
    {
        uint bits = 0;
        for (int i = 0; i < 32; i++) bits |= (uint)(fifths[i] >> group & 1) << i;
        return bits;
    }
}
