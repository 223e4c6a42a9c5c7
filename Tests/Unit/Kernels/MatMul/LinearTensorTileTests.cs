using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.MatMul;

/// <summary>The product on tensor cores, on ILGPU's CPU accelerator: that of <see cref="LinearTests"/>, of binary16 factors.</summary>
[Collection(nameof(Lanes))]
public sealed class LinearTensorTileTests(ITestOutputHelper output)
{
    private static Expected[] Oracle(TensorLinear linear)
        => LinearTests.Oracle(linear.W, linear.X, linear.Rows, linear.Columns, linear.Outputs, linear.B, linear.Activation, linear.R);

    private static readonly StorageType[] Types =
    [
        StorageType.F16, StorageType.BF16, StorageType.F32, StorageType.Q8_0, StorageType.Q4_0, StorageType.Q4_1, StorageType.Q5_0,
        StorageType.Q5_1, StorageType.Q4_K, StorageType.Q5_K, StorageType.IQ4_NL, StorageType.Q6_K,
    ];

    /// <summary>Type, rows, columns, outputs, whether of large tiles.</summary>
    public static TheoryData<StorageType, int, int, int, bool> Sizes => new()
    {
        { StorageType.F16, 19, 37, 21, false }, { StorageType.Q8_0, 17, 160, 130, true }, { StorageType.Q4_K, 19, 256, 21, false },
    };

    /// <summary>The rows that <see cref="Sizes"/> leaves to a long run. Types differ in how they fill a tile: one ragged size.</summary>
    public static TheoryData<StorageType, int, int, int, bool> MoreSizes =>
    [
        .. from type in Types
           select new TheoryDataRow<StorageType, int, int, int, bool>(type, 67, type.BlockColumns() == 256 ? 256 : 96, 70, false),
        .. from type in new[] { StorageType.F16, StorageType.Q8_0 }
           from size in new[] { (64, 64, 64, false), (1, 1024, 33, false), (130, 64, 129, true), (17, 160, 130, true) }
           select new TheoryDataRow<StorageType, int, int, int, bool>(type, size.Item1, size.Item2, size.Item3, size.Item4),
        // Columns that end inside a step, and inside 16 bytes.
        new(StorageType.F16, 19, 1, 21, false), new(StorageType.F16, 19, 37, 21, false), new(StorageType.F16, 19, 112, 21, false),
        new(StorageType.BF16, 19, 37, 21, false), new(StorageType.F32, 19, 40, 21, false),
    ];

    [Theory, MemberData(nameof(Sizes))]
    public void Product_equals_the_definition(StorageType type, int rows, int columns, int outputs, bool large)
        => Check(new TensorLinear(type, rows, columns, outputs) { Random = new Random(rows + columns), Large = large });

    [Theory, MemberData(nameof(MoreSizes)), Trait("Category", "long")]
    public void Product_of_every_type_and_size_equals_the_definition(StorageType type, int rows, int columns, int outputs, bool large)
        => Product_equals_the_definition(type, rows, columns, outputs, large);

    /// <summary>Fewer steps than stages, as many, more; a ragged last one; SiLU·up.</summary>
    [Theory]
    [InlineData(StorageType.F16, 33, 64, 70, Activation.None)]
    [InlineData(StorageType.Q8_0, 35, 224, 34, Activation.SiluUp)]
    [InlineData(StorageType.F16, 19, 237, 21, Activation.None)]
    public void One_stage_more_gives_the_same_bits(StorageType type, int rows, int columns, int outputs, Activation activation)
    {
        TensorLinear Linear(bool deep)
            => new(type, rows, columns, outputs, activation) { Random = new Random(4), Large = true, Deep = deep, Bias = true };
        float[] deep = Check(Linear(deep: true));
        Assert.Equal(Linear(deep: false).Run(), deep);
    }

    /// <summary>Activation, bias, residual, halves as the result, large tiles.</summary>
    public static TheoryData<Activation, bool, bool, bool, bool> Epilogues => new()
    {
        { Activation.None, true, true, false, false }, { Activation.Gelu, false, true, true, false },
        { Activation.SiluUp, true, false, true, true },
    };

    /// <summary>The rows that <see cref="Epilogues"/> leaves to a long run: each activation with each value of the others.</summary>
    public static TheoryData<Activation, bool, bool, bool, bool> MoreEpilogues =>
    [
        .. from activation in Enum.GetValues<Activation>()
           from flipped in new[] { false, true }
           let turn = (int)activation % 4
           select new TheoryDataRow<Activation, bool, bool, bool, bool>(
               activation, flipped ^ turn > 1, flipped ^ turn is 1 or 3, flipped ^ turn is 1 or 2, false),
        new(Activation.SiluUp, true, false, true, false),
        new(Activation.None, true, true, false, true),
        new(Activation.Gelu, false, false, true, true),
        new(Activation.SiluUp, true, true, false, true),
    ];

    [Theory, MemberData(nameof(Epilogues))]
    public void Epilogue_equals_the_definition(Activation activation, bool bias, bool residual, bool halves, bool large)
        => Check(new TensorLinear(bias ? StorageType.Q8_0 : StorageType.F16, 35, 64, large ? 140 : 74, activation)
        {
            Random = new Random(5),
            Large = large,
            Bias = bias,
            Residual = residual,
            ToHalves = halves,
        });

    [Theory, MemberData(nameof(MoreEpilogues)), Trait("Category", "long")]
    public void Every_epilogue_equals_the_definition(Activation activation, bool bias, bool residual, bool halves, bool large)
        => Epilogue_equals_the_definition(activation, bias, residual, halves, large);

    [Theory, InlineData(1e5f, Activation.None), InlineData(3e7f, Activation.None), InlineData(20000f, Activation.SiluUp)]
    public void Numbers_beyond_binary16_are_scaled_row_by_row(float size, Activation activation)
    {
        var linear = new TensorLinear(StorageType.F16, 33, 96, 40, activation) { Random = new Random(9), Size = size };
        float[] got = Check(linear);
        Assert.All(got, number => Assert.True(float.IsFinite(number)));
        Assert.Contains(got, number => Math.Abs(number) > size);
    }

    [Theory, InlineData(1, false), InlineData(99, false), InlineData(1, true)]
    public void A_weaker_wait_is_a_wrong_result(int weaker, bool deep)
    {
        var linear = new TensorLinear(StorageType.F16, 64, 256, 64) { Random = new Random(1), Deep = deep };
        try
        {
            AsyncCopies.Weaker = weaker;
            float[] got = linear.Run();
            Expected[] expected = Oracle(linear);
            bool IsRight(int i) => Math.Abs(got[i] - expected[i].Value) <= 4 * Expected.Unit * expected[i].Terms;
            Assert.Contains(Enumerable.Range(0, got.Length), i => !IsRight(i));
        }
        finally
        {
            AsyncCopies.Weaker = 0;
        }
    }

    private float[] Check(TensorLinear linear)
    {
        float[] got = linear.Run();
        string what = $"{linear.Type} ({linear.Rows}, {linear.Columns}) x ({linear.Outputs}, {linear.Columns})";
        // A result in binary16 may be off by a further 2^-11 of itself.
        Expected[] expected = Oracle(linear);
        if (linear.ToHalves) expected = Array.ConvertAll(expected, e => e with { Terms = e.Terms + Math.Abs(e.Value) * Math.Pow(2, 11) });
        Expected.Check(output, what, got, expected);
        return got;
    }
}
