using System.Text.Json;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Generation;

public sealed class SamplerTests
{
    private const double Tolerance = 2e-6;

    private static SamplingOptions Options(JsonElement test) => new()
    {
        Temperature = test.GetProperty("temperature").GetSingle(),
        TopK = test.GetProperty("top_k").ValueKind == JsonValueKind.Null ? 0 : test.GetProperty("top_k").GetInt32(),
        TopP = test.GetProperty("top_p").ValueKind == JsonValueKind.Null ? 1 : test.GetProperty("top_p").GetSingle(),
        MinP = test.GetProperty("min_p").ValueKind == JsonValueKind.Null ? 0 : test.GetProperty("min_p").GetSingle(),
        RepetitionPenalty = test.GetProperty("repetition_penalty").GetSingle(),
    };

    [Fact]
    public void Every_setting_gives_the_probabilities_of_the_reference()
    {
        JsonElement golden = Json.Load(Golden.Path("original-tiny/cases/sampling.json"));
        using SafeTensors tensors = Golden.Tensors("original-tiny/cases/sampling.safetensors");
        int[] history = [MergedPrompt.VisualMarker, .. golden.GetProperty("history_ids").Ids()];
        double worst = 0;
        foreach (JsonElement test in golden.GetProperty("cases").EnumerateArray())
        {
            float[] logits = tensors[test.Text("logits")].ToFloats();
            float[] expected = tensors[test.Text("tensor")].ToFloats();
            var actual = new double[logits.Length];
            var sampler = new Sampler(Options(test), logits.Length, logits.Length);
            sampler.Penalize(logits, history);
            int kept = sampler.Weigh(logits, out double sum);
            for (int i = 0; i < kept; i++) actual[sampler.Kept(i).Id] = sampler.Kept(i).Weight / sum;
            Assert.Equal(test.GetProperty("kept").GetInt32(), kept);
            if (test.GetProperty("cut_splits_equal_logits").GetBoolean())
            {
                Array.Sort(expected);
                Array.Sort(actual);
            }
            for (int id = 0; id < expected.Length; id++)
            {
                double error = Math.Abs(expected[id] - actual[id]);
                worst = Math.Max(worst, error);
                Assert.True(error <= Tolerance, $"{test.Text("tensor")}, id {id}: {actual[id]}, expected {expected[id]}");
            }
        }
        Assert.Equal(63, golden.GetProperty("cases").GetArrayLength());
        TestContext.Current.SendDiagnosticMessage($"largest error {worst:e2} of {Tolerance:e0} allowed");
    }

    /// <summary>Half of eight equals may go, and four are exactly half; nothing weighs less than the likeliest where
    /// all are equal.</summary>
    [Theory, InlineData(0.5f, 0f, 4), InlineData(1f, 1f, 8), InlineData(0.25f, 1f, 2)]
    public void Exact_ties_fall_to_the_lower_id_in_top_p_and_stay_in_min_p(float topP, float minP, int left)
    {
        var sampler = new Sampler(new SamplingOptions { Temperature = 1, TopP = topP, MinP = minP }, 9, 9);
        Assert.Equal(left, sampler.Weigh([3, 3, 3, 3, float.NegativeInfinity, 3, 3, 3, 3], out double sum));
        Assert.Equal(left, sum);
        Assert.Equal(new[] { 0, 1, 2, 3, 5, 6, 7, 8 }[..left], Enumerable.Range(0, left).Select(i => sampler.Kept(i).Id));
    }

    [Fact]
    public void Draws_follow_the_probabilities()
    {
        float[] logits = [.. new double[] { 0.5, 0.25, 0.15, 0.1 }.Select(p => (float)Math.Log(p))];
        var sampler = new Sampler(new SamplingOptions { Temperature = 1, Seed = 3 }, 4, 4);
        var counts = new int[4];
        const int Draws = 200_000;
        for (int i = 0; i < Draws; i++) counts[sampler.Next([.. logits], [])]++;
        // Five standard deviations of a binomial count.
        Assert.All(Enumerable.Range(0, 4), id =>
        {
            double p = Math.Exp(logits[id]);
            Assert.InRange(counts[id], Draws * p - 5 * Math.Sqrt(Draws * p * (1 - p)), Draws * p + 5 * Math.Sqrt(Draws * p * (1 - p)));
        });
    }

    [Fact]
    public void One_seed_gives_one_sequence()
    {
        static int[] Draw(ulong seed)
        {
            var sampler = new Sampler(new SamplingOptions { Temperature = 1, Seed = seed }, 100, 100);
            return [.. Enumerable.Range(0, 50).Select(_ => sampler.Next(new float[100], []))];
        }

        Assert.Equal(Draw(7), Draw(7));
        Assert.NotEqual(Draw(7), Draw(8));
    }

    [Fact]
    public void Greedy_takes_the_lowest_id_of_equals_and_never_a_row_beyond_the_pieces()
    {
        var greedy = new Sampler(new SamplingOptions(), 6, 4);
        Assert.Equal(1, greedy.Next([0, 2, 1, 2, 9, float.PositiveInfinity], []));
        Assert.Equal(2, greedy.Next([float.NaN, float.NegativeInfinity, -3, float.NaN, 9, 9], []));
        var drawn = new Sampler(new SamplingOptions { Temperature = 5 }, 6, 4);
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(drawn.Next([0, 0, 0, 0, 50, 50], []), 0, 3));
    }

    [Fact]
    public void The_penalty_counts_each_id_once_and_leaves_markers_out()
    {
        var sampler = new Sampler(new SamplingOptions { RepetitionPenalty = 2 }, 4, 4);
        float[] logits = [8, -3, 5, 1];
        Assert.Equal(2, sampler.Next(logits, [MergedPrompt.VisualMarker, 0, 0, 1, 1, 99]));
        Assert.Equal([4, -6, 5, 1], logits);
    }

    [Fact]
    public void Scores_that_are_no_numbers_are_a_failure_of_the_device()
    {
        Assert.Throws<DeviceFailedException>(() => new Sampler(new SamplingOptions(), 2, 2).Next([float.NaN, float.NaN], []));
        Assert.Throws<DeviceFailedException>(() => new Sampler(new SamplingOptions { Temperature = 1 }, 2, 2)
            .Next([float.NaN, float.NaN], []));
    }

    [Fact]
    public void Nothing_is_allocated_for_a_token()
    {
        var sampler = new Sampler(new SamplingOptions
        {
            Temperature = 0.7f,
            TopK = 40,
            TopP = 0.9f,
            MinP = 0.01f,
            RepetitionPenalty = 1.1f
        }, 32064, 32000);
        var logits = new float[32064];
        int[] history = [.. Enumerable.Range(0, 500)];
        var random = new Random(1);
        int allocating = 0;
        for (int token = 0; token < 100; token++)
        {
            for (int id = 0; id < logits.Length; id++) logits[id] = random.NextSingle() * 20 - 10;
            long before = GC.GetAllocatedBytesForCurrentThread();
            sampler.Next(logits, history);
            if (GC.GetAllocatedBytesForCurrentThread() != before) allocating++;
        }
        // A collection caused by another test's thread charges this thread with the rest of its allocation buffer, now and then; and the
        // first token may load code. Allocating once in 20 tokens already shows.
        Assert.InRange(allocating, 0, 4);
    }

    [Theory]
    [InlineData(-1, 0, 1, 0, 1, "temperature -1")]
    [InlineData(float.NaN, 0, 1, 0, 1, "temperature NaN")]
    [InlineData(0, -1, 1, 0, 1, "top-k -1")]
    [InlineData(0, 0, 0, 0, 1, "top-p 0")]
    [InlineData(0, 0, 1, 1.5, 1, "min-p 1.5")]
    [InlineData(0, 0, 1, 0, 0, "repetition penalty 0")]
    public void A_setting_out_of_range_is_named(float temperature, int topK, float topP, float minP, float penalty, string expected)
        => Assert.Contains(expected, Assert.Throws<BadInputException>(() => new SamplingOptions
        {
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            MinP = minP,
            RepetitionPenalty = penalty,
        }.Validate()).Message);
}
