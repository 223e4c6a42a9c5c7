using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class CopyRowsTests
{
    // The definition, y[r] = x[r], needs no oracle.
    public static IEnumerable<TheoryDataRow<string, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (0, 5), (1, 1), (3, 31), (32, 33), (2, 4096) }
           select new TheoryDataRow<string, int, int>(device, size.Item1, size.Item2);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Rows_arrive_bit_for_bit_and_nothing_else_is_touched(string device, int rows, int columns)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        float[] x = rig.Numbers(rows * columns);
        Matrix y = rig.Result(rows, columns);
        CopyRows.Run(rig.Queue, rig.View(x, rows, columns), y);
        Assert.Equal(x, rig.Read(y));
    }
}
