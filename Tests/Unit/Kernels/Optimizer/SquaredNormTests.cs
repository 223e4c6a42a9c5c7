using EdgeVideoLlava.Kernels.Optimizer;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Optimizer;

public sealed class SquaredNormTests
{
    [Fact]
    public void The_sum_equals_the_definition_and_shows_what_is_not_finite()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        float[] x = rig.Numbers(50 * 33, 1e15f);
        Assert.Equal(1, SquaredNorm.Of(rig.Queue, rig.View(x, 50, 33)) / x.Sum(value => (double)value * value), 1e-12);
        foreach (float odd in new[] { float.NaN, float.PositiveInfinity })
        {
            x[777] = odd;
            Assert.False(double.IsFinite(SquaredNorm.Of(rig.Queue, rig.View(x, 50, 33))));
        }
    }
}
