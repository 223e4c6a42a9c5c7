using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Sampling;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Sampling;

public sealed class DrawTokenTests
{
    private readonly record struct Settings(int K, float Temperature, float TopP, float MinP);

    /// <summary>The definition: sort, weigh, drop, and find where the random number falls, in double.</summary>
    private static int Oracle(float[] logits, int candidates, Settings settings, ref ulong state)
    {
        int[] order = [.. Enumerable.Range(0, candidates).Where(v => logits[v] > float.NegativeInfinity).OrderByDescending(v => logits[v])
            .ThenBy(v => v)];
        float kth = logits[order[Math.Min(settings.K, order.Length) - 1]];
        order = [.. order.TakeWhile(v => logits[v] >= kth)];
        if (settings.Temperature == 0) return order[0];
        double[] weights = [.. order.Select(v => Math.Exp(((double)logits[v] - logits[order[0]]) / settings.Temperature))];
        double all = weights.Sum(), dropped = 0;
        int count = weights.Length;
        while (count > 1 && settings.TopP < 1 && dropped + weights[count - 1] <= (1 - settings.TopP) * all) dropped += weights[--count];
        while (count > 1 && weights[count - 1] < settings.MinP) count--;
        double u = Next(ref state) * weights.Take(count).Sum(), upTo = 0;
        for (int i = 0; i < count; i++)
        {
            upTo += weights[i];
            if (u < upTo) return order[i];
        }
        return order[count - 1];
    }

    /// <summary>SplitMix64 as published; its first number of seed 0 is e220a8397b1dcdaf.</summary>
    private static double Next(ref ulong state)
    {
        ulong z = state += 0x9e3779b97f4a7c15UL;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
        return Math.ScaleB((z ^ (z >> 31)) >> 11, -53);
    }

    /// <summary>Device; tokens and candidates; k, temperature, top-p, min-p; levels of the logits, 0 for all different.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, float, float, float, int>> Rows
        => from device in KernelDevices.All
           from row in new[]
           {
               (1, 1, 1, 1f, 1f, 0f, 0), (40, 37, 5, 0.7f, 1f, 0f, 0), (200, 190, 64, 1.3f, 0.9f, 0f, 0), (200, 200, 40, 1f, 1f, 0.05f, 0),
                   (90, 90, 10, 2f, 0.8f, 0.1f, 3),
               (300, 290, 20, 0.8f, 1f, 0f, 1), (60, 50, 64, 1f, 0.95f, 0f, 2), (50, 45, 8, 0f, 1f, 0f, 2), (80, 80, 12, 1e-3f, 1f, 0f, 0),
               (80, 80, 12, 100f, 0.5f, 0f, 0),
           }
           select new TheoryDataRow<string, int, int, int, float, float, float,
               int>(device, row.Item1, row.Item2, row.Item3, row.Item4, row.Item5, row.Item6, row.Item7);

    [Theory, DeviceRows(nameof(Rows))]
    public void Thirty_draws_equal_the_definition(string device, int tokens, int candidates, int k, float temperature, float topP,
        float minP, int levels)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), tokens + k);
        var settings = new Settings(k, temperature, topP, minP);
        ulong random = 0xfedc_ba98_7654_3210UL + (ulong)k, expectedState = random;
        IntVector best = rig.Ints(new int[Math.Min(k + 1, candidates)]);
        IntVector state = rig.Ints((int)(uint)random, (int)(uint)(random >> 32));
        IntVector marks = rig.Ints(new int[tokens]);
        IntVector id = rig.Ints(-1);
        Matrix numbers = rig.Dense([1, temperature, topP, minP], 1, SamplingSettings.Count);
        var drawn = new HashSet<int>();
        for (int draw = 0; draw < 30; draw++)
        {
            float[] logits = rig.Numbers(tokens, 2);
            for (int v = 0; v < tokens && levels > 0; v++) logits[v] = MathF.Round(logits[v] * levels) / levels;
            for (int v = draw % 4; v < tokens && draw % 3 == 1 && tokens > 1; v += 2) logits[v] = float.NegativeInfinity;
            Matrix row = rig.View(logits, 1, tokens);
            rig.Queue.Write([.. Enumerable.Range(0, candidates).OrderByDescending(v => logits[v]).ThenBy(v => v).Take(best.Length)], best);
            DrawToken.Run(rig.Queue, row, candidates, k, best, numbers, state, marks, id);
            int expected = Oracle(logits, candidates, settings, ref expectedState);
            Assert.Equal([expected], rig.Read(id));
            drawn.Add(expected);
        }
        Assert.Equal([(int)(uint)expectedState, (int)(uint)(expectedState >> 32)], rig.Read(state));
        Assert.Equal(Enumerable.Range(0, tokens).Select(v => drawn.Contains(v) ? 1 : 0), rig.Read(marks));
    }

    public static IEnumerable<TheoryDataRow<string, float, float, int>> Ties
        => from device in KernelDevices.All
           from row in new[] { (0.5f, 0f, 4), (1f, 1f, 8), (0.25f, 1f, 2) }
           select new TheoryDataRow<string, float, float, int>(device, row.Item1, row.Item2, row.Item3);

    /// <summary>Half of eight equals may go, and four are exactly half; nothing weighs less than the likeliest where
    /// all are equal.</summary>
    [Theory, MemberData(nameof(Ties))]
    public void Exact_ties_fall_to_the_lower_id_in_top_p_and_stay_in_min_p(string device, float topP, float minP, int left)
    {
        using var rig = new KernelRig(KernelDevices.Get(device));
        const int count = 8;
        var settings = new Settings(count, 1, topP, minP);
        ulong expectedState = 5;
        IntVector best = rig.Ints([.. Enumerable.Range(0, count)]), state = rig.Ints(5, 0);
        IntVector marks = rig.Ints(new int[count]), id = rig.Ints(-1);
        Matrix numbers = rig.Dense([1, 1, topP, minP], 1, SamplingSettings.Count);
        float[] equal = [.. Enumerable.Repeat(3f, count)];
        for (int draw = 0; draw < 60; draw++)
        {
            DrawToken.Run(rig.Queue, rig.View(equal, 1, count), count, count, best, numbers, state, marks, id);
            Assert.Equal([Oracle(equal, count, settings, ref expectedState)], rig.Read(id));
        }
        Assert.Equal(Enumerable.Range(0, count).Select(v => v < left ? 1 : 0), rig.Read(marks)); // all that may be drawn were
    }

    [Fact]
    public void The_oracles_random_numbers_are_the_published_ones()
    {
        ulong state = 0;
        Assert.Equal(Math.ScaleB(0xe220a8397b1dcdafUL >> 11, -53), Next(ref state));
    }
}
