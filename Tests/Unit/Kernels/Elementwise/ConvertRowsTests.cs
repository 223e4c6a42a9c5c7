using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class ConvertRowsTests
{
    /// <summary>IEEE 754: a binary16 number, from its sign, exponent and fraction.</summary>
    private static double Decode(int bits)
    {
        int exponent = bits >> 10 & 31, fraction = bits & 1023;
        double magnitude = exponent == 31 ? fraction == 0 ? double.PositiveInfinity : double.NaN
            : exponent == 0 ? fraction * Math.Pow(2, -24) : (1024 + fraction) * Math.Pow(2, exponent - 25);
        return (bits & 0x8000) != 0 ? -magnitude : magnitude;
    }

    /// <summary>The definition: the nearest of all binary16 numbers, of two as near the even one; from 65520 on infinity.</summary>
    private static double Oracle(float number)
    {
        if (!float.IsFinite(number)) return number;
        double magnitude = Math.Abs((double)number);
        int below = 0, above = 0x7c00; // patterns rise with their numbers; the last stands for 65536 here
        while (above - below > 1)
        {
            int middle = (below + above) / 2;
            if (Decode(middle) <= magnitude) below = middle;
            else above = middle;
        }
        double low = Decode(below), high = above == 0x7c00 ? 65536 : Decode(above), distance = (magnitude - low) - (high - magnitude);
        int nearest = distance < 0 || (distance == 0 && below % 2 == 0) ? below : above;
        return Math.CopySign(Decode(nearest), number);
    }

    /// <summary>Every size of number, ties on purpose, what is no number.</summary>
    private static float[] Numbers(Random random, int count)
    {
        float[] special = [0f, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 65504, 65519.996f, 65520, -65520, 1e30f,
            float.MaxValue, float.Epsilon, 5.9604645e-8f,
            2.9802322e-8f, 2.9802326e-8f, 6.1035156e-5f, 6.1005353e-5f, 1e-40f];
        return [.. Enumerable.Range(0, count).Select(i => i < special.Length ? special[i] : (i % 3) switch
        {
            0 => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)),
            1 => (float)((Decode(random.Next(0x7bff)) is var x ? x : 0) + Math.Pow(2, -25)), // halfway between subnormal ones
            _ => Halfway(random.Next(0x400, 0x7bff)),
        })];

        static float Halfway(int bits) => (float)((Decode(bits) + Decode(bits + 1)) / 2);
    }

    public static IEnumerable<TheoryDataRow<string, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (0, 5), (1, 1), (3, 31), (32, 33), (2, 2048) }
           where size.Item2 < 2048 || !device.StartsWith(nameof(TestDevice.IlgpuCpu))
           select new TheoryDataRow<string, int, int>(device, size.Item1, size.Item2);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Float32_is_rounded_to_the_nearest_binary16_and_nothing_else_is_touched(string device, int rows, int columns)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        float[] x = Numbers(rig.Random, rows * columns), around = new float[(rows + 2) * (columns + 7)];
        Array.Fill(around, 7f);
        Matrix whole = rig.Dense(around, rows + 2, columns + 7, StorageType.F16);
        ConvertRows.Run(rig.Queue, rig.View(x, rows, columns), whole.RowRange(1, rows).ColumnRange(3, columns));
        float[] got = rig.Queue.Read(whole);
        for (int i = 0; i < got.Length; i++)
        {
            int row = i / (columns + 7) - 1, column = i % (columns + 7) - 3;
            bool inside = row >= 0 && row < rows && column >= 0 && column < columns;
            double expected = inside ? Oracle(x[row * columns + column]) : 7;
            Assert.True(got[i].Equals((float)expected) && float.IsNegative(got[i]) == double.IsNegative(expected) | float.IsNaN(got[i]),
                $"({row}, {column}) is {got[i]:G9}, not {expected:G9}");
        }
    }

    [Theory, DeviceRows(nameof(Sizes))]
    public void Binary16_becomes_float32_exactly(string device, int rows, int columns)
        => CheckExact(device, rows, columns, StorageType.F16, bits => (float)Decode(bits));

    [Theory, DeviceRows(nameof(Sizes))]
    public void Bfloat16_becomes_float32_exactly(string device, int rows, int columns)
        => CheckExact(device, rows, columns, StorageType.BF16, bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));

    [Fact]
    public void Other_conversions_are_refused()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Matrix floats = rig.Dense(new float[4], 2, 2), upper = rig.Bits(new ushort[4], 2, 2, StorageType.BF16);
        Assert.Throws<ArgumentException>(() => ConvertRows.Run(rig.Queue, floats, floats));
        Assert.Throws<ArgumentException>(() => ConvertRows.Run(rig.Queue, floats, upper));
        Assert.Throws<ArgumentException>(() => ConvertRows.Run(rig.Queue, upper, floats.RowRange(0, 1)));
    }

    private static void CheckExact(string device, int rows, int columns, StorageType type, Func<ushort, float> oracle)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        // Rows two columns apart; infinities, NaN and subnormal numbers of both types are among them.
        ushort[] bits = [.. Enumerable.Range(0, (rows + 1) * (columns + 2))
            .Select(i => (ushort)(i < 8 ? 0x7c00 + i * 0x80 : rig.Random.Next(1 << 16)))];
        Matrix y = rig.Result(rows, columns);
        ConvertRows.Run(rig.Queue, rig.Bits(bits, rows + 1, columns + 2, type).RowRange(0, rows).ColumnRange(1, columns), y);
        Assert.Equal(Enumerable.Range(0, rows * columns).Select(i => oracle(bits[i / columns * (columns + 2) + 1 + i % columns])),
            rig.Read(y));
    }
}
