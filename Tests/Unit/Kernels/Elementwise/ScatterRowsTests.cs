using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class ScatterRowsTests
{
    /// <summary>The definition: y[p[r]] = x[r], all other rows of y stay.</summary>
    private static float[] Oracle(float[] x, int[] positions, float[] y, int columns)
    {
        float[] result = [.. y];
        for (int r = 0; r < positions.Length; r++) Array.Copy(x, r * columns, result, positions[r] * columns, columns);
        return result;
    }

    public static IEnumerable<TheoryDataRow<string, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1), (3, 31), (20, 33), (1, 1024) }
           select new TheoryDataRow<string, int, int>(device, size.Item1, size.Item2);

    [Theory, MemberData(nameof(Sizes))]
    public void Rows_go_to_their_positions(string device, int rows, int columns)
    {
        const int capacity = 23;
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        float[] x = rig.Numbers(rows * columns), before = rig.Numbers(capacity * columns);
        int[] positions = [.. Enumerable.Range(0, capacity)];
        rig.Random.Shuffle(positions);
        positions = positions[..rows];
        Matrix y = rig.Result(capacity, columns);
        rig.Queue.Write(before, y);
        ScatterRows.Run(rig.Queue, rig.View(x, rows, columns), rig.Ints(positions), y);
        Assert.Equal(Oracle(x, positions, before, columns), rig.Read(y));
    }
}
