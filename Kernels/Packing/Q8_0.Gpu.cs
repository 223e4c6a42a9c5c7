using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Q8_0: a block's 32 signed bytes are 8 words, its scale one of the halves of the row's scale words (even
/// block in the low half).</summary>
internal readonly unsafe struct DeviceQ8_0 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => columns / 4;

    public static int ScaleWords(int columns) => (columns / 32 + 1) / 2;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int block = 0; block < columns / 32; block++, source += 34)
        {
            ((ushort*)scales)[block] = *(ushort*)source;
            Buffer.MemoryCopy(source + 2, words + block * 8, 32, 32);
        }
    }

    public BlockScale Scale(WeightView weight, int row, int column) => new() { Step = PackedLevels.Half(weight, row, column / 32) };

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
    {
        int at = row * weight.RowWords + column / 4;
        return F8.Scaled(Levels.OfBytes(weight.Words[at], weight.Words[at + 1]), scale.Step);
    }

    public int Eights => 4;

    public WeightPiece Fetch(WeightView weight, int row, int index)
    {
        int at = row * (weight.RowWords / 4) + 2 * index;
        return new WeightPiece { A = weight.Quads[at], B = weight.Quads[at + 1], Scale = Scale(weight, row, index * 32) };
    }

    public F8 Eight(WeightPiece piece, int part)
        => part < 2 ? Levels.OfBytes(piece.A.Word(2 * part), piece.A.Word(2 * part + 1))
        : Levels.OfBytes(piece.B.Word(2 * part - 4), piece.B.Word(2 * part - 3));

    public float Factor(WeightPiece piece, int part) => piece.Scale.Step;
}
