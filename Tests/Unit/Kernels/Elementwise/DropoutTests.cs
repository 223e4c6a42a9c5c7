using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class DropoutTests
{
    [Theory, InlineData(0.05f), InlineData(0.5f), InlineData(0f)]
    public void The_asked_share_is_dropped_and_the_rest_makes_up_for_it(float probability)
    {
        float[] y = Run(probability, 7);
        Assert.All(y, value => Assert.True(value == 0 || Math.Abs(value - 1 / (1 - probability)) < 1e-6));
        double dropped = y.Count(value => value == 0) / (double)y.Length, deviation = Math.Sqrt(probability * (1 - probability) / y.Length);
        Assert.InRange(dropped, probability - 4 * deviation, probability + 4 * deviation);
    }

    [Fact]
    public void A_seed_decides_what_is_dropped()
    {
        Assert.Equal(Run(0.3f, 1), Run(0.3f, 1));
        int same = Run(0.3f, 1).Zip(Run(0.3f, 2), (a, b) => a == b).Count(equal => equal);
        Assert.InRange(same / 20000.0, 0.56, 0.60); // 0.7² + 0.3²
    }

    [Fact]
    public void A_backward_adds_through_the_same_mask()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Matrix ones = rig.Dense([.. Enumerable.Repeat(1f, 600)], 20, 30), forward = rig.Result(20, 30), sum = rig.Dense(rig.Numbers(600), 20, 30);
        float[] before = rig.Read(sum);
        Dropout.Run(rig.Queue, ones, 0.4f, 3, forward);
        Dropout.Run(rig.Queue, ones, 0.4f, 3, sum, add: true);
        Assert.Equal(before.Zip(rig.Read(forward), (a, b) => a + b), rig.Read(sum));
    }

    private static float[] Run(float probability, ulong seed)
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Matrix y = rig.Result(200, 100);
        Dropout.Run(rig.Queue, rig.Dense([.. Enumerable.Repeat(1f, 20000)], 200, 100), probability, seed, y);
        return rig.Read(y);
    }
}
