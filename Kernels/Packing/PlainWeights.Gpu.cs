using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>float32: a word a number, rows padded to 8 columns.</summary>
internal readonly unsafe struct DeviceF32 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => (columns + 7) / 8 * 8;

    public static int ScaleWords(int columns) => 0;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
        => Buffer.MemoryCopy(source, words, 4L * columns, 4L * columns);

    public BlockScale Scale(WeightView weight, int row, int column) => default;

    public F8 Load(WeightView weight, int row, int column, BlockScale scale) => Eight(Fetch(weight, row, column / 8), 0);

    public int Eights => 1;

    public WeightPiece Fetch(WeightView weight, int row, int index)
    {
        int at = row * (weight.RowWords / 4) + 2 * index;
        return new WeightPiece { A = weight.Quads[at], B = weight.Quads[at + 1] };
    }

    public float Factor(WeightPiece piece, int part) => 1f;

    public F8 Eight(WeightPiece piece, int part) => F8.OfFloats(piece.A, piece.B);
}

/// <summary>binary16: eight numbers in four words, column k in the low half of word k, column k + 4 in its high half;
/// rows padded to 8 columns.</summary>
/// <remarks>In this order both halves of four words are four neighbours: what a vector unit masks or shifts at once.</remarks>
internal readonly unsafe struct DeviceF16 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => (columns + 7) / 8 * 4;

    public static int ScaleWords(int columns) => 0;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
    {
        for (int c = 0; c < columns; c++) ((ushort*)words)[c & ~7 | (c & 3) << 1 | c >> 2 & 1] = ((ushort*)source)[c];
    }

    public BlockScale Scale(WeightView weight, int row, int column) => default;

    public F8 Load(WeightView weight, int row, int column, BlockScale scale) => Eight(Fetch(weight, row, column / 8), 0);

    public int Eights => 1;

    public WeightPiece Fetch(WeightView weight, int row, int index) => new() { A = weight.Quads[row * (weight.RowWords / 4) + index] };

    public float Factor(WeightPiece piece, int part) => 1f;

    public F8 Eight(WeightPiece piece, int part) => new()
    {
        X0 = DeviceMath.HalfToFloat(piece.A.X),
        X1 = DeviceMath.HalfToFloat(piece.A.Y),
        X2 = DeviceMath.HalfToFloat(piece.A.Z),
        X3 = DeviceMath.HalfToFloat(piece.A.W),
        X4 = DeviceMath.UpperHalfToFloat(piece.A.X),
        X5 = DeviceMath.UpperHalfToFloat(piece.A.Y),
        X6 = DeviceMath.UpperHalfToFloat(piece.A.Z),
        X7 = DeviceMath.UpperHalfToFloat(piece.A.W),
    };
}

/// <summary>binary16 for tensor cores, which read rows as they are: a column after the other, padded to 8 columns.</summary>
internal readonly unsafe struct DeviceHalfRows : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => DeviceF16.RowWords(columns);

    public static int ScaleWords(int columns) => 0;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
        => Buffer.MemoryCopy(source, words, 2L * columns, 2L * columns);

    public BlockScale Scale(WeightView weight, int row, int column) => default;

    public F8 Load(WeightView weight, int row, int column, BlockScale scale) => Eight(Fetch(weight, row, column / 8), 0);

    public int Eights => 1;

    public WeightPiece Fetch(WeightView weight, int row, int index) => new() { A = weight.Quads[row * (weight.RowWords / 4) + index] };

    public float Factor(WeightPiece piece, int part) => 1f;

    public F8 Eight(WeightPiece piece, int part) => F8.OfHalves(piece.A);
}

/// <summary>bfloat16: laid out as <see cref="DeviceF16"/>.</summary>
internal readonly unsafe struct DeviceBF16 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => DeviceF16.RowWords(columns);

    public static int ScaleWords(int columns) => 0;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales) => DeviceF16.PackRow(source, columns, words, scales);

    public BlockScale Scale(WeightView weight, int row, int column) => default;

    public F8 Load(WeightView weight, int row, int column, BlockScale scale) => Eight(Fetch(weight, row, column / 8), 0);

    public int Eights => 1;

    public WeightPiece Fetch(WeightView weight, int row, int index) => new() { A = weight.Quads[row * (weight.RowWords / 4) + index] };

    public float Factor(WeightPiece piece, int part) => 1f;

    public F8 Eight(WeightPiece piece, int part) => new()
    {
        X0 = Interop.IntAsFloat(piece.A.X << 16),
        X1 = Interop.IntAsFloat(piece.A.Y << 16),
        X2 = Interop.IntAsFloat(piece.A.Z << 16),
        X3 = Interop.IntAsFloat(piece.A.W << 16),
        X4 = Interop.IntAsFloat(piece.A.X & 0xffff0000u),
        X5 = Interop.IntAsFloat(piece.A.Y & 0xffff0000u),
        X6 = Interop.IntAsFloat(piece.A.Z & 0xffff0000u),
        X7 = Interop.IntAsFloat(piece.A.W & 0xffff0000u),
    };
}
