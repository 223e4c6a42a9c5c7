using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Rotary;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

/// <summary>Caches of bytes: what goes in by <see cref="RotaryEmbedding"/>, and what <see cref="CausalAttention"/> makes of it.</summary>
public sealed class HeadRowsTests(ITestOutputHelper output)
{
    /// <summary>Device, rows, query heads, key heads, half a head.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int>> Writes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1, 1), (3, 2, 1, 5), (2, 3, 3, 16), (1, 2, 2, 64), (2, 2, 1, 80) }
           select new TheoryDataRow<string, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4);

    [Theory, DeviceRows(nameof(Writes))]
    public void Keys_are_turned_and_both_are_rounded_to_the_nearest_level(string device, int rows, int heads, int groups, int half)
    {
        const int places = 20;
        using var rig = new KernelRig(KernelDevices.Get(device), rows + half);
        int d = 2 * half, q = heads * d, k = groups * d;
        float[] qkv = rig.Numbers(rows * (q + 2 * k)), cos = rig.Numbers(places * half), sin = rig.Numbers(places * half);
        Array.Clear(qkv, q + k, d); // the first row's first value head is 0
        int[] positions = [.. Enumerable.Range(0, places).OrderBy(_ => rig.Random.Next()).Take(rows)];
        ByteCache keys = new(rig, places, groups, d), values = new(rig, places, groups, d);
        Matrix queries = rig.Result(rows, q);
        RotaryEmbedding.Run(rig.Queue, rig.View(qkv, rows, q + 2 * k), rig.Dense(cos, places, half), rig.Dense(sin, places, half),
            rig.Ints(positions), queries, keys.Rows, values.Rows);

        Expected[] turnedQueries = Turned(0, heads), turnedKeys = Turned(q, groups);
        Expected.Check(output, "queries", rig.Read(queries), turnedQueries);
        AssertLevels(keys, turnedKeys);
        AssertLevels(values, [.. from row in Enumerable.Range(0, rows) from c in Enumerable.Range(0, k)
            select new Expected(qkv[row * (q + 2 * k) + q + k + c], 0)]);

        Expected[] Turned(int first, int count)
        {
            float[] x = [.. from row in Enumerable.Range(0, rows) from c in Enumerable.Range(0, count * d)
                select qkv[row * (q + 2 * k) + first + c]];
            return Rotary.RotaryEmbeddingTests.Oracle(x, cos, sin, positions, count, half);
        }

        void AssertLevels(ByteCache cache, Expected[] exact)
        {
            (float[] numbers, float[] scales) = cache.Read(rig);
            for (int place = 0; place < places; place++)
            {
                int row = Array.IndexOf(positions, place);
                for (int head = 0; head < groups; head++)
                {
                    float scale = scales[place * groups + head];
                    if (row < 0)
                    {
                        Assert.Equal(ByteCache.Before, scale);
                        continue;
                    }
                    Expected[] of = exact[(row * k + head * d)..(row * k + head * d + d)];
                    double largest = of.Max(x => Math.Abs(x.Value)), rounding = 8 * Expected.Unit * (largest + of.Max(x => x.Terms));
                    Assert.InRange(scale, (largest - rounding) / 127, (largest + rounding) / 127);
                    for (int c = 0; c < d; c++)
                        Assert.InRange(numbers[place * k + head * d + c], of[c].Value - scale / 2 - rounding,
                            of[c].Value + scale / 2 + rounding);
                }
            }
        }
    }

    public static TheoryData<string> Devices => [.. KernelDevices.All];

    /// <summary>The scale is a power of two, so that the levels meet halves exactly; the number just below one half is level 0.</summary>
    [Theory, DeviceRows(nameof(Devices))]
    public void A_half_between_two_levels_goes_away_from_zero(string device)
    {
        const float scale = 1 / 32f, below = 0.49999997f;
        float[] x = [127, 0.5f, -0.5f, 1.5f, -1.5f, 2.5f, -2.5f, 3.5f, 126.5f, -126.5f, 63.5f, -64.5f, below, -below, 0, 1];
        float[] levels = [127, 1, -1, 2, -2, 3, -3, 4, 127, -127, 64, -65, 0, 0, 0, 1];
        int d = x.Length, half = d / 2;
        using var rig = new KernelRig(KernelDevices.Get(device));
        ByteCache keys = new(rig, 1, 1, d), values = new(rig, 1, 1, d);
        float[] scaled = [.. x.Select(number => scale * number)], ones = [.. Enumerable.Repeat(1f, half)];
        Matrix qkv = rig.View([.. scaled, .. scaled, .. scaled], 1, 3 * d);
        Matrix cos = rig.Dense(ones, 1, half);
        Matrix sin = rig.Dense(new float[half], 1, half);
        RotaryEmbedding.Run(rig.Queue, qkv, cos, sin, rig.Ints(0), rig.Result(1, d), keys.Rows, values.Rows);
        foreach (ByteCache cache in new[] { keys, values })
        {
            (float[] numbers, float[] scales) = cache.Read(rig);
            Assert.Equal([scale], scales);
            Assert.Equal(levels, numbers.Select(number => number / scale));
        }
    }

    /// <summary>Device, first position, rows, query heads, key heads, head size.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int, int>> Reads
        => from device in KernelDevices.All
           from size in new[] { (0, 1, 1, 1, 2), (5, 1, 4, 2, 32), (31, 3, 3, 3, 33), (20, 18, 2, 2, 16), (64, 31, 4, 1, 8) }
           select new TheoryDataRow<string, int, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4, size.Item5);

    /// <summary>Sizes that cross the parts of 128 keys and the tiles.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int, int>> LargeReads
        => from device in KernelDevices.Cpu.Concat(KernelDevices.Portable)
           from size in new[] { (0, 300, 2, 1, 64), (127, 1, 2, 1, 128), (383, 3, 2, 2, 48), (1000, 2, 2, 1, 136), (250, 131, 1, 1, 61) }
           select new TheoryDataRow<string, int, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4, size.Item5);

    [Theory, DeviceRows(nameof(Reads)), DeviceRows(nameof(LargeReads))]
    public void Attention_equals_the_definition_on_the_bytes_numbers(string device, int first, int rows, int heads, int groups,
        int headSize)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), first + rows + headSize);
        int filled = first + rows, capacity = filled + 5;
        ByteCache keys = ByteCache.Random(rig, capacity, filled, groups, headSize);
        ByteCache values = ByteCache.Random(rig, capacity, filled, groups, headSize);
        float[] q = rig.Numbers(rows * heads * headSize);
        int[] positions = [.. Enumerable.Range(first, rows)];
        Matrix y = rig.Result(rows, heads * headSize);
        CausalAttention.Run(rig.Queue, rig.View(q, rows, heads * headSize), keys.Rows, values.Rows, rig.Ints(positions), headSize, y);
        Expected.Check(output, $"{rows} rows at {first}, {heads} heads over {groups} of {headSize}", rig.Read(y),
            CausalAttentionTests.Oracle(q, keys.Numbers, values.Numbers, positions, heads, groups, headSize));
    }

    [Fact]
    public void Threads_do_not_matter() => KernelDevices.AssertThreadsDoNotMatter(device =>
    {
        using var rig = new KernelRig(device);
        ByteCache keys = ByteCache.Random(rig, 90, 90, 2, 24), values = ByteCache.Random(rig, 90, 90, 2, 24);
        Matrix y = rig.Result(40, 4 * 24);
        CausalAttention.Run(rig.Queue, rig.View(rig.Numbers(40 * 4 * 24), 40, 4 * 24), keys.Rows, values.Rows,
            rig.Ints([.. Enumerable.Range(50, 40)]), 24, y);
        return rig.Read(y);
    });

    [Fact]
    public void Numbers_and_bytes_do_not_mix()
    {
        using var rig = new KernelRig(TestDevices.Get(TestDevice.Cpu));
        Matrix y = rig.Result(1, 8);
        Assert.Contains("both the same", Assert.Throws<ArgumentException>(() => CausalAttention.Run(
            rig.Queue, rig.View(new float[8], 1, 8), ByteCache.Random(rig, 3, 3, 1, 8).Rows, rig.View(new float[24], 3, 8), rig.Ints(0), 8,
            y)).Message);
    }
}
