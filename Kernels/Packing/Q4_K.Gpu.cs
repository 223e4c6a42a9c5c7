using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Q4_K: nibbles as in <see cref="DeviceQ4_0"/>; a block's first 16 bytes (d, dmin, 8 scales and minima) are
/// 4 scale words as they are.</summary>
internal readonly unsafe struct DeviceQ4_K : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => columns / 8;

    public static int ScaleWords(int columns) => columns / 256 * 4;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 256; block++, source += 144)
        {
            Buffer.MemoryCopy(source, scales + block * 4, 16, 16);
            for (int part = 0; part < 4; part++) PackedLevels.SplitNibbles(source + 16 + part * 32, 32, words + block * 32 + part * 8);
        }
    }

    public BlockScale Scale(WeightView weight, int row, int column) => PackedLevels.AffineScale(weight, row, column);

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
        => PackedLevels.Nibbles(weight.Words[row * weight.RowWords + column / 8], scale);

    public int Eights => 4;

    public WeightPiece Fetch(WeightView weight, int row, int index)
        => PackedLevels.NibblePiece(weight, row, index, Scale(weight, row, index * 32));

    public F8 Eight(WeightPiece piece, int part) => PackedLevels.Nibbles(piece.A.Word(part), piece.Scale);

    public float Factor(WeightPiece piece, int part) => 1f;
}
