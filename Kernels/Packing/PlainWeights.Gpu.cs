using ILGPU;

namespace EdgeVideoLlava.Kernels;

/// <summary>float32: a word a number, rows padded to 8 columns.</summary>
internal readonly unsafe struct DeviceF32 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => (columns + 7) / 8 * 8;

    public static int ScaleWords(int columns) => 0;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales) => Buffer.MemoryCopy(source, words, 4L * columns, 4L * columns);

    public BlockScale Scale(WeightView weight, int row, int column) => default;

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
    {
        int at = row * (weight.RowWords / 4) + column / 4;
        U4 a = weight.Quads[at], b = weight.Quads[at + 1];
        return new F8
        {
            X0 = Interop.IntAsFloat(a.X),
            X1 = Interop.IntAsFloat(a.Y),
            X2 = Interop.IntAsFloat(a.Z),
            X3 = Interop.IntAsFloat(a.W),
            X4 = Interop.IntAsFloat(b.X),
            X5 = Interop.IntAsFloat(b.Y),
            X6 = Interop.IntAsFloat(b.Z),
            X7 = Interop.IntAsFloat(b.W),
        };
    }
}

/// <summary>binary16: eight numbers in four words, column k in the low half of word k, column k + 4 in its high half; rows padded to 8 columns.</summary>
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

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
    {
        U4 w = weight.Quads[row * (weight.RowWords / 4) + column / 8];
        return new F8
        {
            X0 = DeviceMath.HalfToFloat(w.X & 0xffffu),
            X1 = DeviceMath.HalfToFloat(w.Y & 0xffffu),
            X2 = DeviceMath.HalfToFloat(w.Z & 0xffffu),
            X3 = DeviceMath.HalfToFloat(w.W & 0xffffu),
            X4 = DeviceMath.HalfToFloat(w.X >> 16),
            X5 = DeviceMath.HalfToFloat(w.Y >> 16),
            X6 = DeviceMath.HalfToFloat(w.Z >> 16),
            X7 = DeviceMath.HalfToFloat(w.W >> 16),
        };
    }
}

/// <summary>binary16 for tensor cores, which read rows as they are: a column after the other, padded to 8 columns.</summary>
internal readonly unsafe struct DeviceHalfRows : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => DeviceF16.RowWords(columns);

    public static int ScaleWords(int columns) => 0;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales) => Buffer.MemoryCopy(source, words, 2L * columns, 2L * columns);

    public BlockScale Scale(WeightView weight, int row, int column) => default;

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
    {
        U4 w = weight.Quads[row * (weight.RowWords / 4) + column / 8];
        return new F8
        {
            X0 = DeviceMath.HalfToFloat(w.X & 0xffffu),
            X1 = DeviceMath.HalfToFloat(w.X >> 16),
            X2 = DeviceMath.HalfToFloat(w.Y & 0xffffu),
            X3 = DeviceMath.HalfToFloat(w.Y >> 16),
            X4 = DeviceMath.HalfToFloat(w.Z & 0xffffu),
            X5 = DeviceMath.HalfToFloat(w.Z >> 16),
            X6 = DeviceMath.HalfToFloat(w.W & 0xffffu),
            X7 = DeviceMath.HalfToFloat(w.W >> 16),
        };
    }
}

/// <summary>bfloat16: laid out as <see cref="DeviceF16"/>.</summary>
internal readonly unsafe struct DeviceBF16 : IDeviceWeights, IDevicePacking
{
    public static int RowWords(int columns) => DeviceF16.RowWords(columns);

    public static int ScaleWords(int columns) => 0;

    public static void PackRow(byte* source, int columns, uint* words, uint* scales) => DeviceF16.PackRow(source, columns, words, scales);

    public BlockScale Scale(WeightView weight, int row, int column) => default;

    public F8 Load(WeightView weight, int row, int column, BlockScale scale)
    {
        U4 w = weight.Quads[row * (weight.RowWords / 4) + column / 8];
        return new F8
        {
            X0 = Interop.IntAsFloat(w.X << 16),
            X1 = Interop.IntAsFloat(w.Y << 16),
            X2 = Interop.IntAsFloat(w.Z << 16),
            X3 = Interop.IntAsFloat(w.W << 16),
            X4 = Interop.IntAsFloat(w.X & 0xffff0000u),
            X5 = Interop.IntAsFloat(w.Y & 0xffff0000u),
            X6 = Interop.IntAsFloat(w.Z & 0xffff0000u),
            X7 = Interop.IntAsFloat(w.W & 0xffff0000u),
        };
    }
}
