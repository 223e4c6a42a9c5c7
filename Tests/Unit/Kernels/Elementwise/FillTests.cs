using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class FillTests
{
    [Fact]
    public void Every_number_of_a_view_is_set_and_none_beside_it()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Matrix y = rig.Result(130, 7);
        Fill.Run(rig.Queue, y, 2.5f);
        Assert.All(rig.Read(y), value => Assert.Equal(2.5f, value));
    }
}
