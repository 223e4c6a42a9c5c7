using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Norm;

public sealed class L2NormalizeTests(ITestOutputHelper output)
{
    public static TheoryData<string> Devices => [.. Gradients.Devices];

    [Theory, MemberData(nameof(Devices))]
    public void Rows_and_their_gradients_equal_the_reference(string device)
    {
        using SafeTensors golden = Gradients.Operator("l2_normalise");
        using var rig = new KernelRig(KernelDevices.Get(device));
        Matrix x = rig.View(golden["x"].ToFloats(), 6, 37), y = rig.Result(6, 37), dx = rig.Result(6, 37);
        L2Normalize.Run(rig.Queue, x, y);
        L2Normalize.Backward(rig.Queue, x, rig.View(golden["dy"].ToFloats(), 6, 37), dx);
        Gradients.Close(output, "y", rig.Read(y), golden["y"].ToFloats(), 1e-5);
        Gradients.Close(output, "dx", rig.Read(dx), golden["d_x"].ToFloats(), 1e-5);
    }

    [Theory, MemberData(nameof(Devices))]
    public void A_row_of_zeros_stays_one(string device)
    {
        using var rig = new KernelRig(KernelDevices.Get(device));
        Matrix x = rig.View(new float[5], 1, 5), y = rig.Result(1, 5), dx = rig.Result(1, 5);
        L2Normalize.Run(rig.Queue, x, y);
        L2Normalize.Backward(rig.Queue, x, rig.View([1, 2, 3, 4, 5], 1, 5), dx);
        Assert.Equal(new float[5], rig.Read(y));
        Assert.Equal(new float[5], rig.Read(dx));
    }
}
