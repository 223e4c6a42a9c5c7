using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

/// <summary>What both attentions keep for a backward: the log-sum of every row and head.</summary>
public sealed class LogSumTests(ITestOutputHelper output)
{
    /// <summary>The definition: log Σ_j exp(q · k[j] / √d) over the keys.</summary>
    /// <param name="q">Column c of the query.</param>
    /// <param name="k">Column c of key j.</param>
    internal static Expected Oracle(Func<int, float> q, Func<int, int, float> k, int keys, int headSize)
    {
        var scores = new double[keys];
        var terms = new double[keys];
        for (int j = 0; j < keys; j++)
        {
            for (int c = 0; c < headSize; c++)
            {
                double term = (double)q(c) * k(j, c) / Math.Sqrt(headSize);
                scores[j] += term;
                terms[j] += Math.Abs(term);
            }
        }
        double maximum = scores.Max(), sum = scores.Sum(score => Math.Exp(score - maximum)), value = maximum + Math.Log(sum);
        // A score's error passes with the share of its weight; the exponentials have an error of their own, the result is rounded.
        double common = scores.Select((score, j) => Math.Exp(score - maximum) / sum * terms[j]).Sum();
        return new Expected(value, common + 1 + Math.Abs(value));
    }

    /// <summary>Device, first position, rows, query heads, key heads, head size, scale of the numbers.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int, int, float>> CausalSizes
        => from device in KernelDevices.All
           from at in new[]
           {
               (0, 1, 1, 1, 1), (5, 1, 4, 2, 32), (31, 3, 3, 3, 33), (0, 33, 2, 2, 16), (64, 31, 4, 1, 8), (383, 3, 2, 2, 48),
               (90, 70, 2, 1, 64),
           }
           from scale in new[] { 1f, 12f }
           where (at.Item2 < 70 && scale > 1) || !device.StartsWith(nameof(TestDevice.IlgpuCpu)) // every item is a thread there
           select new TheoryDataRow<string, int, int, int, int, int, float>(
               device, at.Item1, at.Item2, at.Item3, at.Item4, at.Item5, scale);

    [Theory, DeviceRows(nameof(CausalSizes))]
    public void Causal_attention_keeps_its_log_sums(string device, int first, int rows, int heads, int groups, int d, float scale)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), first + rows + heads + d);
        int filled = first + rows, columns = groups * d;
        float[] q = rig.Numbers(rows * heads * d, scale);
        float[] keys = rig.Numbers(filled * columns, scale), values = rig.Numbers(filled * columns);
        Matrix queries = rig.View(q, rows, heads * d), k = rig.View(keys, filled, columns), v = rig.View(values, filled, columns);
        IntVector positions = rig.Ints([.. Enumerable.Range(first, rows)]);
        Matrix alone = rig.Result(rows, heads * d), y = rig.Result(rows, heads * d), logSums = rig.Result(rows, heads);
        CausalAttention.Run(rig.Queue, queries, k, v, positions, d, alone);
        CausalAttention.Run(rig.Queue, queries, k, v, positions, d, y, logSums);
        Assert.Equal(rig.Read(alone), rig.Read(y));
        Expected.Check(output, $"{rows} rows at {first}", rig.Read(logSums),
            [.. from t in Enumerable.Range(0, rows)
                from h in Enumerable.Range(0, heads)
                let g = h / (heads / groups)
                select Oracle(c => q[(t * heads + h) * d + c], (j, c) => keys[(j * groups + g) * d + c], first + t + 1, d)]);
    }

    /// <summary>Device; clips, frames and positions; whether over time.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, bool>> FullSizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1), (2, 3, 7), (1, 8, 5), (1, 2, 33), (2, 14, 3), (1, 1, 130) }
           from overTime in new[] { false, true }
           where size is (2, 3, 7) or (1, 2, 33) || !device.StartsWith(nameof(TestDevice.IlgpuCpu))
           select new TheoryDataRow<string, int, int, int, bool>(device, size.Item1, size.Item2, size.Item3, overTime);

    [Theory, DeviceRows(nameof(FullSizes))]
    public void Full_attention_keeps_its_log_sums(string device, int clips, int frames, int positions, bool overTime)
    {
        const int heads = 2, d = 24, columns = heads * d;
        using var rig = new KernelRig(KernelDevices.Get(device), clips + frames + positions);
        int rows = clips * frames * positions;
        SequenceLayout layout = overTime
            ? SequenceLayout.Temporal(clips, frames, positions) : SequenceLayout.Spatial(clips * frames, positions);
        float[] qkv = rig.Numbers(rows * 3 * columns);
        Matrix source = rig.View(qkv, rows, 3 * columns);
        Matrix alone = rig.Result(rows, columns), y = rig.Result(rows, columns), logSums = rig.Result(rows, heads);
        FullAttention.Run(rig.Queue, source, layout, heads, alone);
        FullAttention.Run(rig.Queue, source, layout, heads, y, logSums);
        Assert.Equal(rig.Read(alone), rig.Read(y));
        Expected.Check(output, $"{layout}", rig.Read(logSums),
            [.. from row in Enumerable.Range(0, rows)
                let sequence = Sequence(row, frames, positions, overTime)
                from h in Enumerable.Range(0, heads)
                select Oracle(c => qkv[row * 3 * columns + h * d + c],
                    (j, c) => qkv[sequence[j] * 3 * columns + columns + h * d + c], sequence.Length, d)]);
    }

    /// <summary>Rows of several conversations, each with a cache of its own.</summary>
    [Theory, DeviceRows(nameof(Batches))]
    public void Conversations_keep_their_log_sums(string device)
    {
        const int heads = 2, d = 16;
        using var rig = new KernelRig(KernelDevices.Get(device), 7);
        int[] at = [4, 130, 0];
        float[] q = rig.Numbers(at.Length * heads * d);
        float[][] keys = [.. at.Select(last => rig.Numbers((last + 1) * d))];
        CacheSegment[] caches = [.. keys.Select((numbers, i) => new CacheSegment(
            rig.View(numbers, at[i] + 1, d), rig.View(numbers, at[i] + 1, d), 1))];
        Matrix y = rig.Result(at.Length, heads * d), logSums = rig.Result(at.Length, heads);
        CausalAttention.Run(rig.Queue, rig.View(q, at.Length, heads * d), caches, rig.Ints(at), d, y, logSums);
        Expected.Check(output, device, rig.Read(logSums),
            [.. from t in Enumerable.Range(0, at.Length)
                from h in Enumerable.Range(0, heads)
                select Oracle(c => q[(t * heads + h) * d + c], (j, c) => keys[t][j * d + c], at[t] + 1, d)]);
    }

    public static IEnumerable<TheoryDataRow<string>> Batches
        => KernelDevices.All.Select(device => new TheoryDataRow<string>(device));

    [Fact]
    public void Wrong_shapes_are_refused()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Matrix q = rig.Result(3, 4), y = rig.Result(3, 4), qkv = rig.Result(3, 12);
        IntVector positions = rig.Ints(0, 1, 2);
        Assert.Throws<ArgumentException>(() => CausalAttention.Run(rig.Queue, q, q, q, positions, 2, y, rig.Result(3, 1)));
        Assert.Throws<ArgumentException>(() => FullAttention.Run(rig.Queue, qkv, SequenceLayout.Spatial(1, 3), 2, y, rig.Result(2, 2)));
    }

    /// <summary>The rows that a row looks at; rows are (clip, frame, position).</summary>
    internal static int[] Sequence(int row, int frames, int positions, bool overTime)
    {
        int position = row % positions;
        if (!overTime) return [.. Enumerable.Range(row - position, positions)];
        int clip = row / (frames * positions);
        return [.. Enumerable.Range(0, frames).Select(frame => (clip * frames + frame) * positions + position)];
    }
}
