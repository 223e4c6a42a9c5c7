using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class AddRowsTests(ITestOutputHelper output)
{
    /// <summary>The definition: y[r] = x[r] + table[r / period % L].</summary>
    private static Expected[] Oracle(float[] x, float[] table, int rows, int columns, int period)
    {
        var y = new Expected[rows * columns];
        for (int i = 0; i < y.Length; i++)
        {
            double add = table[i / columns / period % (table.Length / columns) * columns + i % columns];
            y[i] = new Expected(x[i] + add, Math.Abs(x[i]) + Math.Abs(add));
        }
        return y;
    }

    /// <summary>Device, rows, columns, rows of the table, period.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1, 1), (24, 31, 8, 3), (48, 33, 8, 3), (10, 64, 3, 2) }
           select new TheoryDataRow<string, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Rows_equal_the_definition_also_in_place(string device, int rows, int columns, int length, int period)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        float[] x = rig.Numbers(rows * columns), table = rig.Numbers(length * columns);
        Expected[] expected = Oracle(x, table, rows, columns, period);
        Matrix source = rig.View(x, rows, columns), add = rig.View(table, length, columns), y = rig.Result(rows, columns);
        AddRows.Run(rig.Queue, source, add, period, y);
        Expected.Check(output, "y", rig.Read(y), expected);
        AddRows.Run(rig.Queue, source, add, period, source);
        Expected.Check(output, "in place", rig.Read(source), expected);
    }
}
