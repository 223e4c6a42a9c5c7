using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>IQ4_NL: a block's 32 nibbles are 4 words, as in <see cref="DeviceQ4_0"/>; a nibble is a place in a table
/// of 16 levels.</summary>
/// <remarks>
/// The table is four words of bytes, each level plus 128: a kernel has no memory for constants that every back end reads alike. The
/// byte is put under the exponent of 2^23, as the levels of other types are, so that no integer is converted.
/// </remarks>
internal readonly unsafe struct DeviceIQ4_NL : IDeviceWeights, IDevicePacking
{
    private const uint Levels0 = 0x3f2d1801u, Levels4 = 0x766a5d4fu, Levels8 = 0xa6998d81u, Levels12 = 0xf1d9c5b5u;

    // 2^23, whose fraction has 1 at bit 0.
    private const uint Power = 0x4b000000u;

    public static int RowWords(int columns) => DeviceQ4_0.RowWords(columns);

    public static int ScaleWords(int columns) => DeviceQ4_0.ScaleWords(columns);

    public static void PackRow(byte* source, int columns, uint* words, uint* scales) => DeviceQ4_0.PackRow(source, columns, words, scales);

    public BlockScale Scale(WeightView weight, int row, int column) => new() { Step = PackedLevels.Half(weight, row, column / 32) };

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
        => F8.Scaled(OfPlaces(weight.Words[row * weight.RowWords + column / 8]), scale.Step);

    public int Eights => 4;

    public WeightPiece Fetch(WeightView weight, int row, int index)
        => PackedLevels.NibblePiece(weight, row, index, Scale(weight, row, index * 32));

    public F8 Eight(WeightPiece piece, int part) => OfPlaces(piece.A.Word(part));

    public float Factor(WeightPiece piece, int part) => piece.Scale.Step;

    /// <summary>Column i in bits 4i to 4i + 3.</summary>
    private static F8 OfPlaces(uint word) => new()
    {
        X0 = Level(word),
        X1 = Level(word >> 4),
        X2 = Level(word >> 8),
        X3 = Level(word >> 12),
        X4 = Level(word >> 16),
        X5 = Level(word >> 20),
        X6 = Level(word >> 24),
        X7 = Level(word >> 28),
    };

    private static float Level(uint place)
    {
        uint low = (place & 4u) != 0 ? Levels4 : Levels0, high = (place & 4u) != 0 ? Levels12 : Levels8;
        uint level = ((place & 8u) != 0 ? high : low) >> (int)(8u * (place & 3u)) & 0xffu;
        return Interop.IntAsFloat(Power | level) - (Interop.IntAsFloat(Power) + 128f);
    }
}
