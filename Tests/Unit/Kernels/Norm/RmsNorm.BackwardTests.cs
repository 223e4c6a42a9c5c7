using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Norm;

public sealed class RmsNormBackwardTests(ITestOutputHelper output)
{
    private const float Epsilon = 1e-5f;

    public static IEnumerable<TheoryDataRow<string, string>> Goldens
        => from device in KernelDevices.Cpu
           from name in new[] { "rmsnorm_5x37", "rmsnorm_3d", "rmsnorm_small" }
           select new TheoryDataRow<string, string>(device, name);

    [Theory, MemberData(nameof(Goldens))]
    public void Gradients_equal_the_reference(string device, string name)
    {
        using SafeTensors golden = Gradients.Operator(name);
        using var rig = new KernelRig(KernelDevices.Get(device));
        int columns = (int)golden["w"].Elements, rows = (int)golden["x"].Elements / columns;
        Matrix x = rig.View(golden["x"].ToFloats(), rows, columns), weight = rig.Vector(golden["w"].ToFloats());
        Matrix y = rig.Result(rows, columns), scale = rig.Result(rows, 1), dy = rig.View(golden["dy"].ToFloats(), rows, columns);
        Matrix dx = rig.Result(rows, columns), dw = rig.Vector(new float[columns]);
        RmsNorm.Run(rig.Queue, x, weight, Epsilon, y, scale);
        RmsNorm.Backward(rig.Queue, x, weight, scale, dy, dx, null, dw);
        Gradients.Close(output, "dx", rig.Read(dx), golden["d_x"].ToFloats(), 1e-5);
        Gradients.Close(output, "dw", rig.Read(dw), golden["d_w"].ToFloats(), 1e-5);
    }

    /// <summary>What passes by the norm is added, in place too.</summary>
    [Fact]
    public void A_residual_is_added()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Vector128"));
        Matrix x = rig.View(rig.Numbers(5 * 33), 5, 33), weight = rig.Vector(rig.Numbers(33)), scale = rig.Result(5, 1);
        Matrix dy = rig.View(rig.Numbers(5 * 33), 5, 33), alone = rig.Result(5, 33), residual = rig.Dense(rig.Numbers(5 * 33), 5, 33);
        RmsNorm.Run(rig.Queue, x, weight, Epsilon, alone, scale);
        RmsNorm.Backward(rig.Queue, x, weight, scale, dy, alone, null, null);
        float[] sum = [.. rig.Read(alone).Zip(rig.Read(residual), (a, b) => a + b)];
        RmsNorm.Backward(rig.Queue, x, weight, scale, dy, residual, residual, null);
        Assert.Equal(sum, rig.Read(residual));
    }
}
