using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class GatherRowsTests
{
    public static TheoryData<string> Devices => [.. Gradients.Devices];

    [Theory, MemberData(nameof(Devices))]
    public void Rows_are_those_that_are_named(string device)
    {
        using var rig = new KernelRig(KernelDevices.Get(device));
        float[] x = rig.Numbers(7 * 33);
        int[] rows = [6, 0, 3, 3, 1];
        Matrix y = rig.Result(5, 33);
        GatherRows.Run(rig.Queue, rig.View(x, 7, 33), rig.Ints(rows), y);
        Assert.Equal([.. rows.SelectMany(row => x[(row * 33)..((row + 1) * 33)])], rig.Read(y));
    }
}
