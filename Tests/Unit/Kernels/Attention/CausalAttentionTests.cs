using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

public sealed class CausalAttentionTests(ITestOutputHelper output)
{
    /// <summary>The definition: query head h of row t looks at keys 0..p[t] of key head h / (H / G).</summary>
    internal static Expected[] Oracle(float[] q, float[] keys, float[] values, int[] positions, int heads, int groups, int d)
        => [.. from t in Enumerable.Range(0, positions.Length)
               from h in Enumerable.Range(0, heads)
               let g = h / (heads / groups)
               from element in AttentionOracle.Row(c => q[(t * heads + h) * d + c], (j, c) => keys[(j * groups + g) * d + c],
                   (j, c) => values[(j * groups + g) * d + c], positions[t] + 1, d)
               select element];

    /// <summary>Device, first position, rows, query heads, key heads, head size.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (0, 1, 1, 1, 1), (0, 7, 2, 1, 5), (5, 1, 4, 2, 32), (31, 3, 3, 3, 33), (0, 33, 2, 2, 16),
           (64, 31, 4, 1, 8) }
           select new TheoryDataRow<string, int, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4, size.Item5);

    /// <summary>Sizes that cross the tiles of 16 rows and 32 keys, and the parts of 128 keys that few rows are made in.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int, int>> GroupSizes
        => from size in new[] { (0, 300, 2, 1, 64), (127, 1, 2, 1, 128), (128, 1, 4, 2, 64), (383, 3, 2, 2, 48), (1000, 2, 2, 1, 136),
        (100, 40, 2, 1, 128), (77, 17, 1, 1, 200), (5, 15, 2, 1, 72) }
           from device in KernelDevices.Portable
           select new TheoryDataRow<string, int, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4, size.Item5);

    public static IEnumerable<TheoryDataRow<string, int, int, int, int, int>> LargeSizes
        => from device in KernelDevices.Cpu
           from size in new[] { (0, 300, 2, 1, 64), (513, 70, 2, 2, 128), (1000, 1, 4, 2, 128), (250, 131, 1, 1, 61) }
           select new TheoryDataRow<string, int, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4, size.Item5);

    [Theory, DeviceRows(nameof(Sizes)), DeviceRows(nameof(GroupSizes)), DeviceRows(nameof(LargeSizes))]
    public void Rows_equal_the_definition(string device, int first, int rows, int heads, int groups, int headSize)
    {
        (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), first, rows, heads, groups, headSize, 1);
        Expected.Check(output, $"{rows} rows at {first}, {heads} heads over {groups} of {headSize}", got, expected);
    }

    [Fact]
    public void Scores_beyond_the_range_of_exp_are_right()
    {
        foreach (string device in KernelDevices.Present)
        {
            foreach (int rows in new[] { 2, 40 })
            {
                (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), 10, rows, 2, 1, 16, 12);
                Expected.Check(output, device, got, expected);
            }
        }
    }

    [Theory, InlineData(3), InlineData(100)]
    public void Threads_do_not_matter(int rows)
        => KernelDevices.AssertThreadsDoNotMatter(device => Run(device, 200, rows, 4, 2, 32, 1).Got);

    private static (float[] Got, Expected[] Expected) Run(ComputeDevice device, int first, int rows, int heads, int groups, int headSize,
        float scale)
    {
        using var rig = new KernelRig(device, first + rows + heads + headSize);
        int filled = first + rows, capacity = filled + 5, columns = groups * headSize;
        float[] q = rig.Numbers(rows * heads * headSize, scale), keys = rig.Numbers(filled * columns, scale),
            values = rig.Numbers(filled * columns);
        // Rows of the cache that nothing has written yet may hold anything.
        float[] rest = [.. Enumerable.Repeat(float.NaN, (capacity - filled) * columns)];
        int[] positions = [.. Enumerable.Range(first, rows)];
        Matrix y = rig.Result(rows, heads * headSize);
        CausalAttention.Run(rig.Queue, rig.View(q, rows, heads * headSize), rig.View([.. keys, .. rest], capacity, columns),
            rig.View([.. values, .. rest], capacity, columns), rig.Ints(positions), headSize, y);
        return (rig.Read(y), Oracle(q, keys, values, positions, heads, groups, headSize));
    }
}
