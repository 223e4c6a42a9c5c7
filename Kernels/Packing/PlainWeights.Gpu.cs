using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
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

/// <summary>Numbers of 16 bits, eight in four words, rows padded to 8 columns.</summary>
/// <typeparam name="THalves">What the bits mean, and their order in the eight.</typeparam>
internal readonly unsafe struct DeviceHalves<THalves> : IDeviceWeights, IDevicePacking where THalves : unmanaged, IHalves
{
    public static int RowWords(int columns) => (columns + 7) / 8 * 4;

    public static int ScaleWords(int columns) => 0;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales)
        => THalves.PackRow((ushort*)source, columns, (ushort*)words);

    public BlockScale Scale(WeightView weight, int row, int column) => default;

    public F8 Load(WeightView weight, int row, int column, BlockScale scale) => Eight(Fetch(weight, row, column / 8), 0);

    public int Eights => 1;

    public WeightPiece Fetch(WeightView weight, int row, int index) => new() { A = weight.Quads[row * (weight.RowWords / 4) + index] };

    public float Factor(WeightPiece piece, int part) => 1f;

    public F8 Eight(WeightPiece piece, int part) => default(THalves).Eight(piece.A);
}

/// <summary>Eight numbers of 16 bits in four words.</summary>
internal unsafe interface IHalves
{
    static abstract void PackRow(ushort* source, int columns, ushort* target);

    F8 Eight(U4 words);

    /// <summary>The words of eight numbers, rounded to nearest, ties to even.</summary>
    U4 Words(F8 numbers);
}

/// <summary>binary16, column k in the low half of word k, column k + 4 in its high half.</summary>
/// <remarks>In this order both halves of four words are four neighbours: what a vector unit masks or shifts at once.</remarks>
internal readonly unsafe struct DeviceF16 : IHalves
{
    public static void PackRow(ushort* source, int columns, ushort* target)
    {
        for (int c = 0; c < columns; c++) target[c & ~7 | (c & 3) << 1 | c >> 2 & 1] = source[c];
    }

    public F8 Eight(U4 words) => new()
    {
        X0 = DeviceMath.HalfToFloat(words.X),
        X1 = DeviceMath.HalfToFloat(words.Y),
        X2 = DeviceMath.HalfToFloat(words.Z),
        X3 = DeviceMath.HalfToFloat(words.W),
        X4 = DeviceMath.UpperHalfToFloat(words.X),
        X5 = DeviceMath.UpperHalfToFloat(words.Y),
        X6 = DeviceMath.UpperHalfToFloat(words.Z),
        X7 = DeviceMath.UpperHalfToFloat(words.W),
    };

    public U4 Words(F8 numbers) => new()
    {
        X = DeviceMath.TwoHalves(numbers.X0, numbers.X4),
        Y = DeviceMath.TwoHalves(numbers.X1, numbers.X5),
        Z = DeviceMath.TwoHalves(numbers.X2, numbers.X6),
        W = DeviceMath.TwoHalves(numbers.X3, numbers.X7),
    };
}

/// <summary>bfloat16 in the order of <see cref="DeviceF16"/>.</summary>
internal readonly unsafe struct DeviceBF16 : IHalves
{
    public static void PackRow(ushort* source, int columns, ushort* target) => DeviceF16.PackRow(source, columns, target);

    public F8 Eight(U4 words) => new()
    {
        X0 = Interop.IntAsFloat(words.X << 16),
        X1 = Interop.IntAsFloat(words.Y << 16),
        X2 = Interop.IntAsFloat(words.Z << 16),
        X3 = Interop.IntAsFloat(words.W << 16),
        X4 = Interop.IntAsFloat(words.X & 0xffff0000u),
        X5 = Interop.IntAsFloat(words.Y & 0xffff0000u),
        X6 = Interop.IntAsFloat(words.Z & 0xffff0000u),
        X7 = Interop.IntAsFloat(words.W & 0xffff0000u),
    };

    public U4 Words(F8 numbers) => new()
    {
        X = Two(numbers.X0, numbers.X4),
        Y = Two(numbers.X1, numbers.X5),
        Z = Two(numbers.X2, numbers.X6),
        W = Two(numbers.X3, numbers.X7),
    };

    private static uint Two(float low, float high) => Nearest(low) >> 16 | Nearest(high) & 0xffff0000u;

    private static uint Nearest(float number)
    {
        uint bits = Interop.FloatAsInt(number);
        return bits + 0x7fff + (bits >> 16 & 1);
    }
}

/// <summary>binary16 for tensor cores, which read rows as they are: one column after the other.</summary>
internal readonly unsafe struct DeviceHalfRows : IHalves
{
    public static void PackRow(ushort* source, int columns, ushort* target)
        => Buffer.MemoryCopy(source, target, 2L * columns, 2L * columns);

    public F8 Eight(U4 words) => F8.OfHalves(words);

    public U4 Words(F8 numbers) => new()
    {
        X = DeviceMath.TwoHalves(numbers.X0, numbers.X1),
        Y = DeviceMath.TwoHalves(numbers.X2, numbers.X3),
        Z = DeviceMath.TwoHalves(numbers.X4, numbers.X5),
        W = DeviceMath.TwoHalves(numbers.X6, numbers.X7),
    };
}
