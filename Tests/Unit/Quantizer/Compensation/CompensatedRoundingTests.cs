using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Compensation;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Compensation;

/// <summary>Rounding by outputs, on matrices so small that everything can be computed plainly.</summary>
public sealed unsafe class CompensatedRoundingTests
{
    private const int Inputs = 700, Rows = 8;

    public static TheoryData<StorageType, int> Types => new()
    {
        { StorageType.Q4_0, 96 }, { StorageType.Q4_1, 64 }, { StorageType.Q5_0, 64 }, { StorageType.Q5_1, 96 }, { StorageType.Q8_0, 64 },
        { StorageType.Q4_K, 512 }, { StorageType.Q5_K, 256 }, { StorageType.Q6_K, 512 },
    };

    /// <summary>Inputs with a few directions of large size, as those of language models have.</summary>
    private static float[] Sample(Random random, int columns)
    {
        float[] x = new float[Inputs * columns], directions = new float[6 * columns];
        for (int i = 0; i < directions.Length; i++) directions[i] = (float)(random.NextDouble() - 0.5);
        for (int t = 0; t < Inputs; t++)
        {
            for (int d = 0; d < 6; d++)
            {
                float size = 3 * (float)(random.NextDouble() - 0.5);
                for (int c = 0; c < columns; c++) x[t * columns + c] += size * directions[d * columns + c];
            }
            for (int c = 0; c < columns; c++) x[t * columns + c] += 0.2f * (float)(random.NextDouble() - 0.5);
        }
        return x;
    }

    private static float[] Squares(float[] x, int columns)
    {
        var squares = new float[columns * columns];
        for (int i = 0; i < columns; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                double sum = 0;
                for (int t = 0; t < Inputs; t++) sum += (double)x[t * columns + i] * x[t * columns + j];
                squares[i * columns + j] = (float)sum;
            }
        }
        return squares;
    }

    private static ErrorFeedback Feedback(float[] squares, int columns, int block, double damping = 0.01)
    {
        fixed (float* h = squares) return new ErrorFeedback(h, columns, block, damping, TestContext.Current.CancellationToken);
    }

    [Theory, MemberData(nameof(Types))]
    public void Outputs_change_less_than_by_rounding_each_number(StorageType type, int columns)
    {
        var random = new Random(7);
        float[] x = Sample(random, columns), squares = Squares(x, columns), weights = new float[Rows * columns];
        for (int i = 0; i < weights.Length; i++) weights[i] = (float)(random.NextDouble() + random.NextDouble() - 1);
        using ErrorFeedback feedback = Feedback(squares, columns, type.BlockColumns());
        float[] importance = [.. feedback.Diagonal.Select(sum => sum / Inputs)];
        byte[] compensated = new byte[type.Bytes(weights.Length)], weighted = new byte[compensated.Length];
        var rounding = new CompensatedRounding(type, feedback, importance);
        int half = compensated.Length / 2;
        Assert.True(rounding.Run(weights.AsSpan(0, 4 * columns), compensated.AsSpan(0, half)));
        Assert.True(rounding.Run(weights.AsSpan(4 * columns), compensated.AsSpan(half)));
        for (int row = 0; row < Rows; row++)
            Assert.True(Pack.FromRow(type, weights.AsSpan(row * columns, columns), importance,
                weighted.AsSpan(row * weighted.Length / Rows, weighted.Length / Rows)));
        double before = OutputError(x, weights, Numbers(type, weighted, weights.Length), columns);
        double after = OutputError(x, weights, Numbers(type, compensated, weights.Length), columns);
        Assert.InRange(after, 0.001 * before, 0.6 * before);
    }

    /// <summary>The measure against outputs computed one by one; the small part that damping adds is there.</summary>
    [Fact]
    public void The_measured_loss_is_that_of_the_outputs()
    {
        const int Columns = 64;
        var random = new Random(3);
        float[] x = Sample(random, Columns), weights = new float[Columns], kept = new float[Columns];
        for (int i = 0; i < Columns; i++) (weights[i], kept[i]) = ((float)random.NextDouble(), (float)random.NextDouble());
        using ErrorFeedback feedback = Feedback(Squares(x, Columns), Columns, 32, damping: 1e-6);
        var loss = new OutputLoss(feedback);
        loss.Add(weights, kept);
        double[] y = Outputs(x, weights), z = Outputs(x, kept);
        double expected = Math.Sqrt(y.Zip(z, (a, b) => (a - b) * (a - b)).Sum() / y.Sum(a => a * a));
        double cosine = y.Zip(z, (a, b) => a * b).Sum() / Math.Sqrt(y.Sum(a => a * a) * z.Sum(a => a * a));
        Assert.Equal(expected, loss.RelativeError, 1e-4 * expected);
        Assert.Equal(cosine, loss.Cosine, 1e-4);
    }

    /// <summary>L D Lᵀ is H with its damping, columns in their order; blocks stay together, the largest inputs in the last places, which
    /// are rounded first.</summary>
    [Fact]
    public void The_factor_is_that_of_the_inputs_products()
    {
        const int Columns = 160;
        float[] squares = Squares(Sample(new Random(5), Columns), Columns);
        using ErrorFeedback feedback = Feedback(squares, Columns, 32);
        for (int i = 0; i < Columns; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = 0;
                for (int k = 0; k <= j; k++) sum += (double)L(i, k) * feedback.Steps[k] * L(j, k);
                int one = feedback.Places[i], other = feedback.Places[j];
                double expected = squares[one * Columns + other] + (i == j ? feedback.Damping : 0);
                Assert.Equal(expected, sum, 1e-4 * Math.Sqrt(squares[one * Columns + one] * (double)squares[other * Columns + other]));
            }
        }
        Assert.All(feedback.Places.Chunk(32), block => Assert.Equal(31, block.Max() - block.Min()));
        Assert.Equal(Columns, feedback.Places.Distinct().Count());
        float[] inputs = [.. feedback.Places.Select(place => feedback.Diagonal[place])];
        Assert.All(inputs.Chunk(32), block => Assert.Equal(block.Order(), block));
        Assert.Equal(inputs.Chunk(32).OrderBy(block => block.Sum(x => (double)x)).SelectMany(block => block), inputs);

        float L(int i, int k) => i == k ? 1 : feedback.Row(i)[k];
    }

    /// <summary>Calibration may never show some columns: they are rounded as they are.</summary>
    [Fact]
    public void Columns_without_inputs_do_no_harm()
    {
        const int Columns = 64;
        var random = new Random(11);
        float[] weights = [.. Enumerable.Range(0, 4 * Columns).Select(_ => (float)random.NextDouble())];
        using ErrorFeedback feedback = Feedback(new float[Columns * Columns], Columns, 32);
        byte[] blocks = new byte[StorageType.Q8_0.Bytes(weights.Length)];
        Assert.True(new CompensatedRounding(StorageType.Q8_0, feedback, feedback.Diagonal).Run(weights, blocks));
        float[] kept = Numbers(StorageType.Q8_0, blocks, weights.Length);
        Assert.All(weights.Zip(kept), pair => Assert.Equal(pair.First, pair.Second, 0.005f));
    }

    [Theory, MemberData(nameof(Types))]
    public void Levels_put_into_a_block_are_what_its_grid_says(StorageType type, int columns)
    {
        var random = new Random(13);
        float[] numbers = [.. Enumerable.Range(0, columns).Select(_ => (float)(random.NextDouble() - 0.5))];
        byte[] blocks = new byte[type.Bytes(columns)];
        Assert.True(Pack.FromFloats(type, numbers, blocks));
        BlockFormat format = BlockFormat.Of(type)!;
        LevelFormat grids = format.Grids!;
        float[] scales = new float[format.Columns], offsets = new float[format.Columns], expected = new float[format.Columns];
        byte[] levels = [.. Enumerable.Range(0, format.Columns).Select(_ => (byte)random.Next(grids.Top + 1))];
        (levels[0], levels[^1]) = (0, (byte)grids.Top);
        fixed (byte* block = blocks, from = levels)
        fixed (float* s = scales, o = offsets)
        {
            grids.Grid(block, s, o);
            grids.PutLevels(block, from);
        }
        for (int i = 0; i < expected.Length; i++) expected[i] = scales[i / grids.Group] * levels[i] + offsets[i / grids.Group];
        float[] got = Numbers(type, blocks, columns)[..format.Columns];
        float largest = expected.Max(Math.Abs);
        Assert.All(expected.Zip(got), pair => Assert.Equal(pair.First, pair.Second, 2e-6f * largest));
        Assert.Contains(scales, scale => scale != 0);
    }

    private static float[] Numbers(StorageType type, byte[] blocks, int count)
    {
        var numbers = new float[count];
        fixed (byte* from = blocks) Unpack.ToFloats(type, from, numbers);
        return numbers;
    }

    private static double OutputError(float[] x, float[] weights, float[] kept, int columns)
        => Enumerable.Range(0, Rows).Sum(row => Outputs(x, [.. Enumerable.Range(row * columns, columns).Select(i => weights[i] - kept[i])])
            .Sum(y => y * y));

    private static double[] Outputs(float[] x, float[] weights)
        => [.. x.Chunk(weights.Length).Select(input => input.Zip(weights, (a, b) => (double)a * b).Sum())];
}
