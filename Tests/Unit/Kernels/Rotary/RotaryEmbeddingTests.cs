using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Rotary;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Rotary;

public sealed class RotaryEmbeddingTests(ITestOutputHelper output)
{
    /// <summary>The definition, with the tables given: y[i] = x[i] cos − x[i+d/2] sin;  y[i+d/2] = x[i+d/2] cos + x[i] sin.</summary>
    internal static Expected[] Oracle(float[] x, float[] cos, float[] sin, int[] positions, int heads, int half)
    {
        var y = new Expected[x.Length];
        for (int t = 0; t < positions.Length; t++)
        {
            for (int h = 0; h < heads; h++)
            {
                for (int i = 0; i < half; i++)
                {
                    int low = (t * heads + h) * 2 * half + i, high = low + half;
                    double c = cos[positions[t] * half + i], s = sin[positions[t] * half + i];
                    y[low] = new Expected(x[low] * c - x[high] * s, Math.Abs(x[low] * c) + Math.Abs(x[high] * s));
                    y[high] = new Expected(x[high] * c + x[low] * s, Math.Abs(x[high] * c) + Math.Abs(x[low] * s));
                }
            }
        }
        return y;
    }

    /// <summary>Device, rows, query heads, key heads, half a head.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1, 1), (3, 2, 1, 5), (2, 3, 3, 16), (4, 1, 1, 17), (2, 2, 1, 33), (2, 4, 2, 64) }
           select new TheoryDataRow<string, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4);

    /// <summary>A context that is stretched twofold: every second position has the angles of half of it.</summary>
    [Fact]
    public void Divisors_slow_the_frequencies_down()
    {
        (float[] cos, float[] sin) = RotaryEmbedding.Tables(8, 16, 10000);
        (float[] slowCos, float[] slowSin) = RotaryEmbedding.Tables(16, 16, 10000, [.. Enumerable.Repeat(2f, 8)]);
        for (int position = 0; position < 8; position++)
        {
            Assert.Equal(cos[(8 * position)..(8 * position + 8)], slowCos[(16 * position)..(16 * position + 8)]);
            Assert.Equal(sin[(8 * position)..(8 * position + 8)], slowSin[(16 * position)..(16 * position + 8)]);
        }
        float[] one = RotaryEmbedding.Tables(2, 16, 10000, [1, 1, 1, 4, 1, 1, 1, 1]).Sin;
        Assert.Equal(Math.Sin(Math.Pow(10000, -6 / 16.0) / 4), one[8 + 3], 1e-7);
        Assert.Equal(sin[8 + 2], one[8 + 2]);
    }

    [Theory, DeviceRows(nameof(Sizes))]
    public void Queries_keys_and_values_equal_the_definition(string device, int rows, int heads, int groups, int half)
    {
        Result got = Run(KernelDevices.Get(device), rows, heads, groups, half);
        string what = $"{rows} rows, {heads} and {groups} heads of {2 * half}";
        Expected.Check(output, $"queries of {what}", got.Queries, got.ExpectedQueries);
        Expected.Check(output, $"keys of {what}", got.Keys, got.ExpectedKeys);
        Assert.Equal(got.ExpectedValues, got.Values);
    }

    [Fact]
    public void Tables_hold_the_angles_of_the_definition()
    {
        const int count = 40, headSize = 10;
        (float[] cos, float[] sin) = RotaryEmbedding.Tables(count, headSize, 10000);
        for (int position = 0; position < count; position++)
        {
            for (int i = 0; i < headSize / 2; i++)
            {
                double angle = position * Math.Pow(10000, -2.0 * i / headSize);
                // The angle is a float32 product, so its error grows with it.
                Assert.Equal(Math.Cos(angle), cos[position * headSize / 2 + i], 2e-7 * (1 + angle));
                Assert.Equal(Math.Sin(angle), sin[position * headSize / 2 + i], 2e-7 * (1 + angle));
            }
        }
    }

    [Fact]
    public void Threads_do_not_matter() => KernelDevices.AssertThreadsDoNotMatter(device =>
    {
        Result got = Run(device, 37, 3, 1, 32);
        return [.. got.Queries, .. got.Keys, .. got.Values];
    });

    private sealed record Result(float[] Queries, Expected[] ExpectedQueries, float[] Keys, Expected[] ExpectedKeys, float[] Values,
        float[] ExpectedValues);

    /// <summary>Rows to positions of the cache in no order; the cache's other rows must stay.</summary>
    private static Result Run(ComputeDevice device, int rows, int heads, int groups, int half)
    {
        const int places = 50, before = 7;
        using var rig = new KernelRig(device, rows + heads + half);
        int q = heads * 2 * half, k = groups * 2 * half;
        float[] qkv = rig.Numbers(rows * (q + 2 * k)), cos = rig.Numbers(places * half), sin = rig.Numbers(places * half);
        int[] positions = [.. Enumerable.Range(0, places).OrderBy(_ => rig.Random.Next()).Take(rows)];
        float[] Part(int column, int count)
            => [.. Enumerable.Range(0, rows).SelectMany(row => qkv.Skip(row * (q + 2 * k) + column).Take(count))];
        Matrix queries = rig.Result(rows, q), keys = rig.Result(places, k), values = rig.Result(places, k);
        float[] filled = [.. Enumerable.Repeat((float)before, places * k)];
        rig.Queue.Write(filled, keys);
        rig.Queue.Write(filled, values);
        RotaryEmbedding.Run(rig.Queue, rig.View(qkv, rows, q + 2 * k), rig.Dense(cos, places, half), rig.Dense(sin, places, half),
            rig.Ints(positions), queries, keys, values);
        Expected[] rotated = Oracle(Part(q, k), cos, sin, positions, groups, half);
        Expected[] cache = [.. filled.Select(number => new Expected(number, 0))];
        float[] v = Part(q + k, k);
        for (int row = 0; row < rows; row++)
        {
            Array.Copy(rotated, row * k, cache, positions[row] * k, k);
            Array.Copy(v, row * k, filled, positions[row] * k, k);
        }
        return new Result(rig.Read(queries), Oracle(Part(0, q), cos, sin, positions, heads, half), rig.Read(keys), cache, rig.Read(values),
            filled);
    }
}
