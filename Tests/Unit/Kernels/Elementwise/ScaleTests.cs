using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class ScaleTests
{
    [Fact]
    public void Every_number_of_a_view_is_multiplied_and_none_beside_it()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Matrix x = rig.Result(40, 7);
        float[] numbers = rig.Numbers(280);
        rig.Queue.Write(numbers, x);
        Scale.Run(rig.Queue, x, -2);
        Assert.Equal(numbers.Select(number => -2 * number), rig.Read(x));
    }
}
