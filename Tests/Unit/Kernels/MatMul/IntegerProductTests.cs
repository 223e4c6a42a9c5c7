using System.Runtime.Intrinsics.X86;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.MatMul;

/// <summary>Products of whole numbers: held to the definition where x is whole, and all ways to each other, bit for bit.</summary>
public sealed class IntegerProductTests(ITestOutputHelper output)
{
    private delegate void Product(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue);

    private static readonly Dictionary<StorageType, Dictionary<string, Product>> Products = new()
    {
        [StorageType.Q8_0] = Ways<IntegerQ8_0, PanelBytes>(),
        [StorageType.Q4_0] = Ways<IntegerQ4_0, PanelNibbles>(),
        [StorageType.Q4_1] = Ways<IntegerQ4_1, PanelNibbles>(),
        [StorageType.Q5_0] = Ways<IntegerQ5_0, PanelFives>(),
        [StorageType.Q5_1] = Ways<IntegerQ5_1, PanelFives>(),
        [StorageType.Q4_K] = Ways<IntegerQ4_K, PanelNibbles>(),
        [StorageType.Q5_K] = Ways<IntegerQ5_K, PanelFives>(),
        [StorageType.Q6_K] = Ways<IntegerQ6_K, PanelSixes>(),
    };

    /// <summary>Panels are the same at every width.</summary>
    private static readonly CpuDevice Device = new(2, SimdWidth.Scalar) { IsExact = false };

    public static TheoryData<StorageType, string> Rows()
        => [.. from type in Products.Keys from way in Products[type].Keys select (type, way)];

    /// <summary>x is whole numbers up to 127 times a power of two for each group, so that rounding it to bytes changes nothing.</summary>
    [Theory, MemberData(nameof(Rows))]
    public void Of_whole_numbers_it_equals_the_definition(StorageType type, string way)
    {
        (int, int, int)[] sizes = type.BlockColumns() == 32
            ? [(1, 32, 1), (2, 288, 16), (3, 96, 5), (4, 576, 33), (9, 544, 18)] : [(1, 256, 3), (4, 512, 16), (7, 768, 33)];
        foreach ((int rows, int columns, int outputs) in sizes)
        {
            foreach (bool gated in outputs % 16 == 0 ? new[] { false, true } : [false])
            {
                using var rig = new KernelRig(Device, rows + columns);
                (byte[] blocks, Expected[] w) = Weight(type, gated ? 2 * outputs : outputs, columns, rig.Random);
                float[] x = Whole(rows * columns, rig.Random), residual = rig.Numbers(rows * outputs);
                float[] got = Run(rig, type, way, blocks, x, columns, gated, residual);
                Expected.Check(output, $"{type} {rows}x{columns}x{outputs}", got, Oracle(w, x, rows, columns, outputs, gated, residual));
            }
        }
    }

    [Theory, MemberData(nameof(Rows))]
    public void A_row_has_the_same_bits_whatever_the_way_and_its_company(StorageType type, string way)
    {
        const int Rows = 6, Columns = 768, Outputs = 37;
        using var rig = new KernelRig(Device);
        (byte[] blocks, _) = Weight(type, Outputs, Columns, rig.Random);
        float[] x = rig.Numbers(Rows * Columns), none = new float[Rows * Outputs];
        float[] expected = Run(rig, type, nameof(PlainDot), blocks, x, Columns, false, none);
        Assert.Equal(expected, Run(rig, type, way, blocks, x, Columns, false, none));
        Assert.Equal(expected[(5 * Outputs)..], Run(rig, type, way, blocks, x[(5 * Columns)..], Columns, false, none[..Outputs]));
    }

    [Theory, InlineData(StorageType.Q4_0), InlineData(StorageType.Q6_K)]
    public void A_device_that_is_not_exact_takes_it(StorageType type)
    {
        float[] exact = Through(exact: true), fast = Through(exact: false);
        Assert.NotEqual(exact, fast);
        double error = Math.Sqrt(exact.Zip(fast, (a, b) => Math.Pow(a - b, 2)).Sum() / exact.Sum(a => a * a));
        output.WriteLine($"relative error of rounding x: {error:P2}");
        Assert.InRange(error, 1e-4, 0.02);

        float[] Through(bool exact)
        {
            using var device = new CpuDevice(2) { IsExact = exact };
            using var rig = new KernelRig(device);
            byte[] blocks = new byte[type.Bytes(40 * 512)];
            Pack.FromFloats(type, rig.Numbers(40 * 512), blocks);
            float[] x = rig.Numbers(3 * 512);
            return Run(rig, Linear.Run, type, blocks, x, 512, false, new float[3 * 40]);
        }
    }

    /// <summary>The head's products: of x 15 bits are left, and the bits do not depend on the way or the company either.</summary>
    [Theory, MemberData(nameof(Rows))]
    public void Rounded_twice_it_is_almost_exact(StorageType type, string way)
    {
        const int Rows = 9, Columns = 512, Outputs = 40;
        using var rig = new KernelRig(Device);
        (byte[] blocks, Expected[] w) = Weight(type, Outputs, Columns, rig.Random);
        float[] x = rig.Numbers(Rows * Columns), none = new float[Rows * Outputs];
        float[] got = Run(rig, Products[type][way], type, blocks, x, Columns, false, none, twice: true);
        Assert.Equal(Run(rig, Products[type][nameof(PlainDot)], type, blocks, x, Columns, false, none, twice: true), got);
        Assert.Equal(got[(8 * Outputs)..],
            Run(rig, Products[type][way], type, blocks, x[(8 * Columns)..], Columns, false, none[..Outputs], twice: true));
        double[] exact = [.. Oracle(w, x, Rows, Columns, Outputs, false, none).Select(e => e.Value)];
        double error = Math.Sqrt(exact.Zip(got, (a, b) => Math.Pow(a - b, 2)).Sum() / exact.Sum(a => a * a));
        output.WriteLine($"relative error of rounding x twice: {error:E1}");
        Assert.InRange(error, 0, 5e-5);
    }

    [Fact]
    public void What_is_no_number_shows()
    {
        foreach (float wrong in new[] { float.NaN, float.PositiveInfinity })
        {
            using var rig = new KernelRig(Device);
            (byte[] blocks, _) = Weight(StorageType.Q4_0, 16, 64, rig.Random);
            float[] x = rig.Numbers(64);
            x[40] = wrong;
            Assert.All(Run(rig, StorageType.Q4_0, nameof(PlainDot), blocks, x, 64, false, new float[16]), y => Assert.False(float.IsFinite(y)));
        }
    }

    private static float[] Run(KernelRig rig, StorageType type, string way, byte[] blocks, float[] x, int columns, bool gated,
        float[] residual)
        => Run(rig, Products[type][way], type, blocks, x, columns, gated, residual);

    private static unsafe float[] Run(KernelRig rig, Product product, StorageType type, byte[] blocks, float[] x, int columns, bool gated,
        float[] residual, bool twice = false)
    {
        int rows = x.Length / columns, weightRows = blocks.Length / (int)type.Bytes(columns), outputs = gated ? weightRows / 2 : weightRows;
        fixed (byte* memory = blocks)
        {
            using Weight weight = rig.Queue.Device.LoadLinear("w", type, columns, new HostRows((nint)memory, weightRows));
            weight.RoundsTwice = twice;
            Matrix y = rig.Result(rows, outputs);
            product((CpuQueue)rig.Queue, weight, rig.View(x, rows, columns), y,
                new Epilogue(null, gated ? Activation.SiluUp : Activation.None, rig.View(residual, rows, outputs)));
            return rig.Read(y);
        }
    }

    private static Expected[] Oracle(Expected[] w, float[] x, int rows, int columns, int outputs, bool gated, float[] residual)
    {
        Expected Sum(int t, int r)
        {
            double value = 0, terms = 0;
            for (int c = 0; c < columns; c++)
            {
                value += x[t * columns + c] * w[r * columns + c].Value;
                terms += Math.Abs(x[t * columns + c]) * w[r * columns + c].Terms;
            }
            return new Expected(value, terms);
        }
        return [.. from t in Enumerable.Range(0, rows) from r in Enumerable.Range(0, outputs) select Of(t, r)];

        Expected Of(int t, int r)
        {
            double add = residual[t * outputs + r];
            Expected z = Sum(t, r);
            if (!gated) return new Expected(z.Value + add, z.Terms + Math.Abs(add));
            Expected up = Sum(t, outputs + r);
            double f = z.Value / (1 + Math.Exp(-z.Value));
            double magnitude = Math.Abs(up.Value) * (1.2 * z.Terms + 2 * Math.Abs(f)) + Math.Abs(f) * up.Terms;
            return new Expected(f * up.Value + add, magnitude + Math.Abs(add));
        }
    }

    private static (byte[] Blocks, Expected[] Meaning) Weight(StorageType type, int rows, int columns, Random random)
    {
        byte[] blocks = BlockOracle.Random(type, rows * columns, random);
        int block = type.BlockColumns(), bytes = (int)type.Bytes(block);
        return (blocks, [.. Enumerable.Range(0, rows * columns).Select(i
            => BlockOracle.Decode(type, blocks.AsSpan(i / block * bytes, bytes), i % block))]);
    }

    private static float[] Whole(int count, Random random)
    {
        var x = new float[count];
        for (int group = 0; group < count; group += 32)
        {
            float unit = MathF.ScaleB(1, random.Next(-9, 3));
            for (int i = group; i < group + 32; i++) x[i] = random.Next(-127, 128) * unit;
            x[group + random.Next(32)] = 127 * unit * (random.Next(2) * 2 - 1);
        }
        return x;
    }

    private static Dictionary<string, Product> Ways<TBlocks, TLevels>()
        where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
    {
        var ways = new Dictionary<string, Product>
        {
            [nameof(PlainDot)] = IntegerProduct<TBlocks, TLevels>.Run<PlainDot>,
            [nameof(HalvesDot)] = IntegerProduct<TBlocks, TLevels>.Run<HalvesDot>,
        };
        if (Avx2.IsSupported) ways[nameof(Avx2Dot)] = IntegerProduct<TBlocks, TLevels>.Run<Avx2Dot>;
        if (AvxVnni.IsSupported) ways[nameof(VnniDot)] = IntegerProduct<TBlocks, TLevels>.Run<VnniDot>;
        if (AssembledTile<TBlocks, TLevels>.IsSupported) ways["Assembled"] = IntegerProduct<TBlocks, TLevels>.RunAssembled;
        return ways;
    }
}
