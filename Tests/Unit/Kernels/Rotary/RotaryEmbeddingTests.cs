using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Rotary;

public sealed class RotaryEmbeddingTests(ITestOutputHelper output)
{
    /// <summary>The definition, with the tables given: y[i] = x[i] cos − x[i+d/2] sin;  y[i+d/2] = x[i+d/2] cos + x[i] sin.</summary>
    private static Expected[] Oracle(float[] x, float[] cos, float[] sin, int[] positions, int heads, int half)
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

    public static IEnumerable<TheoryDataRow<string, int, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1), (3, 2, 5), (2, 3, 16), (4, 1, 17), (2, 2, 33), (2, 4, 64) }
           select new TheoryDataRow<string, int, int, int>(device, size.Item1, size.Item2, size.Item3);

    [Theory, MemberData(nameof(Sizes))]
    public void Rows_equal_the_definition(string device, int rows, int heads, int half)
    {
        (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), rows, heads, half);
        Expected.Check(output, $"{rows} rows, {heads} heads of {2 * half}", got, expected);
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
    public void Threads_do_not_matter() => KernelDevices.AssertThreadsDoNotMatter(device => Run(device, 37, 3, 32).Got);

    private static (float[] Got, Expected[] Expected) Run(ComputeDevice device, int rows, int heads, int half)
    {
        const int places = 50;
        using var rig = new KernelRig(device, rows + heads + half);
        float[] x = rig.Numbers(rows * heads * 2 * half), cos = rig.Numbers(places * half), sin = rig.Numbers(places * half);
        int[] positions = [.. Enumerable.Range(0, rows).Select(_ => rig.Random.Next(places))];
        Matrix y = rig.Result(rows, heads * 2 * half);
        RotaryEmbedding.Run(rig.Queue, rig.View(x, rows, heads * 2 * half), rig.Dense(cos, places, half), rig.Dense(sin, places, half), rig.Ints(positions), y);
        return (rig.Read(y), Oracle(x, cos, sin, positions, heads, half));
    }
}
