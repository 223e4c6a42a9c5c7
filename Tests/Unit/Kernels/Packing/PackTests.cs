using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Packing;

public sealed unsafe class PackTests(ITestOutputHelper output)
{
    private static readonly StorageType[] Written = [.. Enum.GetValues<StorageType>().Where(Pack.Writes)];

    public static TheoryData<StorageType> Types => [.. Written];

    public static TheoryData<StorageType> Blocks => [.. Written.Where(type => type.IsBlock())];

    /// <summary>Root mean square of the error over that of the numbers, of a normal matrix, as docs/numerics.md gives it.</summary>
    public static TheoryData<StorageType, double> Errors => new()
    {
        { StorageType.BF16, 0.00166 }, { StorageType.F16, 0.000207 }, { StorageType.Q8_0, 0.00535 }, { StorageType.Q6_K, 0.0177 },
            { StorageType.Q5_K, 0.0361 },
        { StorageType.Q5_1, 0.0378 }, { StorageType.Q5_0, 0.0426 }, { StorageType.Q4_K, 0.0713 }, { StorageType.Q4_1, 0.0782 },
        { StorageType.Q4_0, 0.0857 },
    };

    [Fact]
    public void What_is_written_is_what_is_listed()
        => Assert.Equal(Errors.Select(row => row.Data.Item1).Order(), Written.Order());

    [Theory, MemberData(nameof(Errors))]
    public void The_error_of_a_normal_matrix_is_as_measured(StorageType type, double measured)
    {
        var random = new Random(5);
        float[] numbers = [.. Enumerable.Range(0, 256 * 1024)
            .Select(_ => (float)(0.02 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
        float[] got = RoundTrip(type, numbers);
        double error = Math.Sqrt(numbers.Zip(got, (a, b) => (double)(a - b) * (a - b)).Sum() / numbers.Sum(a => (double)a * a));
        output.WriteLine($"{type}: relative RMS error {error:P4}");
        Assert.Equal(measured, error, 0.01 * measured);
    }

    [Theory, MemberData(nameof(Types))]
    public void Zeros_stay_zeros(StorageType type) => Assert.Equal(new float[512], RoundTrip(type, new float[512]));

    /// <summary>
    /// Lowest level, levels and step of a group, and of every other one. A type with a minimum has it at the lowest level. The
    /// scales of the types of 256 numbers are whole multiples of a half: 63 or 21, of Q6_K 128 or 64.
    /// </summary>
    public static TheoryData<StorageType, int, int, float, float> Exact => new()
    {
        { StorageType.F16, -32, 64, 0.25f, 0.125f }, { StorageType.BF16, -32, 64, 0.25f, 0.125f },
        { StorageType.Q8_0, -127, 255, 0.25f, 0.125f }, { StorageType.Q6_K, -32, 64, 0.25f, 0.125f },
        { StorageType.Q4_0, -8, 16, 0.25f, 0.125f }, { StorageType.Q5_0, -16, 32, 0.25f, 0.125f },
        { StorageType.Q4_1, -3, 16, 0.25f, 0.125f }, { StorageType.Q5_1, -9, 32, 0.25f, 0.125f },
        { StorageType.Q4_K, -4, 16, 63 / 256f, 21 / 256f }, { StorageType.Q5_K, -4, 32, 63 / 256f, 21 / 256f },
    };

    [Fact]
    public void Every_written_type_is_held_to_its_exact_numbers()
        => Assert.Equal(Written.Order(), Exact.Select(row => row.Data.Item1).Order());

    /// <summary>Scales and levels that the format holds exactly come back bit for bit.</summary>
    [Theory, MemberData(nameof(Exact))]
    public void Numbers_that_the_type_holds_exactly_come_back(StorageType type, int lowest, int levels, float step, float other)
    {
        // Both ends in every group of 16, and levels of every kind between them.
        int Level(int i) => lowest + (i % 16) switch { 0 => 0, 1 => levels - 1, _ => i * 7 % levels };
        float[] numbers = [.. Enumerable.Range(0, 512).Select(i => Level(i) * (i / 32 % 2 == 0 ? step : other))];
        Assert.Equal(numbers, RoundTrip(type, numbers));
    }

    /// <summary>Not the types with a minimum: its rounding, or their search, may choose other levels.</summary>
    [Theory]
    [InlineData(StorageType.F16)]
    [InlineData(StorageType.BF16)]
    [InlineData(StorageType.Q8_0)]
    [InlineData(StorageType.Q4_0)]
    [InlineData(StorageType.Q5_0)]
    [InlineData(StorageType.Q6_K)]
    public void What_came_out_of_blocks_goes_in_again_unchanged(StorageType type)
    {
        float[] once = RoundTrip(type, new KernelNumbers(7).Take(2048));
        float[] twice = RoundTrip(type, once);
        // The level of the largest number is the same, so the scale is but for the rounding of its half.
        Assert.All(once.Zip(twice), pair => Assert.Equal(pair.First, pair.Second, 1e-3 * Math.Abs(pair.First) + 1e-6));
    }

    [Theory, MemberData(nameof(Blocks))]
    public void The_largest_scale_fits_and_a_larger_one_is_refused(StorageType type)
    {
        // Numbers 0 and m only: the scale is m over the number of levels in every format, up to the 6 or 8 bits of a group's own scale.
        double levels = type switch
        {
            StorageType.Q8_0 => 127,
            StorageType.Q4_0 => 8,
            StorageType.Q5_0 => 16,
            StorageType.Q4_1 => 15,
            StorageType.Q5_1 => 31,
            StorageType.Q4_K => 15 * 63,
            StorageType.Q5_K => 31 * 63,
            _ => 32 * 128,
        };
        float largest = (float)(65504 * levels);
        float[] numbers = [.. Enumerable.Range(0, 512).Select(i => i % 2 * largest)];
        Assert.All(numbers.Zip(RoundTrip(type, numbers)), pair => Assert.Equal(pair.First, pair.Second, largest * 0.01));
        Assert.False(Pack.FromFloats(type, [.. numbers.Select(number => number * 1.01f)], new byte[type.Bytes(512)]));
    }

    [Theory, MemberData(nameof(Types))]
    public void What_is_not_finite_is_refused(StorageType type)
    {
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            var numbers = new float[512];
            numbers[300] = bad;
            Assert.False(Pack.FromFloats(type, numbers, new byte[type.Bytes(512)]));
        }
    }

    [Fact]
    public void Every_half_and_every_bfloat_goes_in_as_it_came_out()
    {
        foreach (StorageType type in new[] { StorageType.F16, StorageType.BF16 })
        {
            ushort[] bits = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)i)
                .Where(i => type == StorageType.F16 ? Half.IsFinite(BitConverter.UInt16BitsToHalf(i)) : (i & 0x7f80) != 0x7f80)];
            var floats = new float[bits.Length];
            var got = new ushort[bits.Length];
            fixed (ushort* source = bits)
            fixed (float* target = floats) Unpack.ToFloats(type, (byte*)source, target, bits.Length);
            Assert.True(Pack.FromFloats(type, floats, System.Runtime.InteropServices.MemoryMarshal.AsBytes(got.AsSpan())));
            Assert.Equal(bits, got);
        }
    }

    [Fact]
    public void Halves_and_bfloats_round_half_to_even()
    {
        float Round(StorageType type, float value) => RoundTrip(type, [value])[0];
        Assert.Equal(1f, Round(StorageType.F16, 1 + 1 / 2048f));
        Assert.Equal(1 + 2 / 1024f, Round(StorageType.F16, 1 + 3 / 2048f));
        Assert.Equal(65504f, Round(StorageType.F16, 65519f));
        Assert.Equal(MathF.Pow(2, -24), Round(StorageType.F16, MathF.Pow(2, -25) * 1.01f));
        Assert.Equal(0f, Round(StorageType.F16, MathF.Pow(2, -25)));
        Assert.Equal(1f, Round(StorageType.BF16, 1 + 1 / 256f));
        Assert.Equal(1 + 2 / 128f, Round(StorageType.BF16, 1 + 3 / 256f));
        Assert.Equal(float.Epsilon * 65536, Round(StorageType.BF16, float.Epsilon * 65536));
        Assert.False(Pack.FromFloats(StorageType.F16, [65520], new byte[2]));
        Assert.False(Pack.FromFloats(StorageType.BF16, [float.MaxValue], new byte[2]));
    }

    [Fact]
    public void Wrong_shapes_and_types_that_are_only_read_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Pack.FromFloats(StorageType.Q4_0, new float[33], new byte[18]));
        Assert.Throws<ArgumentException>(() => Pack.FromFloats(StorageType.Q4_0, new float[32], new byte[17]));
        Assert.Throws<ArgumentException>(() => Pack.FromFloats(StorageType.Q4_K, new float[32], new byte[18]));
        Assert.Throws<ArgumentException>(() => Pack.FromFloats(StorageType.Q2_K, new float[256], new byte[84]));
        Assert.Throws<ArgumentException>(() => Pack.FromFloats(StorageType.I32, new float[1], new byte[4]));
    }

    [Theory, InlineData(StorageType.F32), InlineData(StorageType.F16), InlineData(StorageType.BF16), InlineData(StorageType.Q8_0)]
    public void Rows_in_parallel_are_rows_one_by_one(StorageType from)
    {
        const int rows = 37, columns = 96;
        float[] numbers = new KernelNumbers(11).Take(rows * columns);
        var source = new byte[from.Bytes(numbers.Length)];
        if (from == StorageType.F32) System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan()).CopyTo(source);
        else Assert.True(Pack.FromFloats(from, numbers, source));
        byte[] expected = new byte[StorageType.Q4_0.Bytes(numbers.Length)], got = new byte[expected.Length];
        fixed (byte* address = source)
        fixed (float* floats = numbers) Unpack.ToFloats(from, address, floats, numbers.Length);
        Assert.True(Pack.FromFloats(StorageType.Q4_0, numbers, expected));
        fixed (byte* address = source, target = got)
            Assert.True(Pack.Rows(new HostRows((nint)address, rows), from, StorageType.Q4_0, columns, (nint)target));
        Assert.Equal(expected, got);
    }

    private static float[] RoundTrip(StorageType type, float[] numbers)
    {
        var bytes = new byte[type.Bytes(numbers.Length)];
        var floats = new float[numbers.Length];
        Assert.True(Pack.FromFloats(type, numbers, bytes));
        fixed (byte* source = bytes)
        fixed (float* target = floats) Unpack.ToFloats(type, source, target, floats.Length);
        return floats;
    }

    private sealed class KernelNumbers(int seed)
    {
        private readonly Random random = new(seed);

        public float[] Take(int count)
            => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f)];
    }
}
