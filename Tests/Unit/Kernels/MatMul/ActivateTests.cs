using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.MatMul;

public sealed class ActivateTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, string, Activation>> Goldens
        => from device in KernelDevices.Cpu
           from operation in new[] { ("gelu_exact", Activation.Gelu), ("quick_gelu", Activation.QuickGelu), ("swiglu", Activation.SiluUp) }
           select new TheoryDataRow<string, string, Activation>(device, operation.Item1, operation.Item2);

    [Theory, MemberData(nameof(Goldens))]
    public void Forward_and_gradient_equal_the_reference(string device, string name, Activation activation)
    {
        using SafeTensors golden = Gradients.Operator(name);
        using var rig = new KernelRig(KernelDevices.Get(device));
        bool gated = activation == Activation.SiluUp;
        int rows = (int)golden["y"].Shape[0], columns = (int)golden["y"].Shape[1], wide = gated ? 2 * columns : columns;
        float[] z = gated ? SideBySide(golden["gate"], golden["up"]) : golden["x"].ToFloats();
        Matrix y = rig.Result(rows, columns), dz = rig.Result(rows, wide), source = rig.View(z, rows, wide);
        Activate.Run(rig.Queue, activation, source, y);
        Activate.Backward(rig.Queue, activation, source, rig.View(golden["dy"].ToFloats(), rows, columns), dz);
        Gradients.Close(output, "y", rig.Read(y), golden["y"].ToFloats(), 1e-6);
        float[] expected = gated ? SideBySide(golden["d_gate"], golden["d_up"]) : golden["d_x"].ToFloats();
        Gradients.Close(output, "dz", rig.Read(dz), expected, 1e-5);
    }

    [Fact]
    public void The_gradient_may_take_the_place_of_its_argument()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Matrix z = rig.Dense(rig.Numbers(6 * 40), 6, 40), apart = rig.Result(6, 40), dy = rig.View(rig.Numbers(6 * 20), 6, 20);
        Activate.Backward(rig.Queue, Activation.SiluUp, z, dy, apart);
        Activate.Backward(rig.Queue, Activation.SiluUp, z, dy, z);
        Assert.Equal(rig.Read(apart), rig.Read(z));
    }

    private static float[] SideBySide(HostTensor left, HostTensor right)
    {
        int columns = (int)left.Shape[^1];
        return [.. left.ToFloats().Chunk(columns).Zip(right.ToFloats().Chunk(columns), (a, b) => a.Concat(b)).SelectMany(row => row)];
    }
}
