using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class MeanRowsTests(ITestOutputHelper output)
{
    public static TheoryData<string> Devices => [.. Gradients.Devices];

    [Theory, MemberData(nameof(Devices))]
    public void The_mean_of_frames_and_its_gradient_equal_the_reference(string device)
    {
        using SafeTensors golden = Gradients.Operator("frame_mean_pool");
        using var rig = new KernelRig(KernelDevices.Get(device));
        Matrix y = rig.Result(2, 37), dx = rig.Result(16, 37);
        MeanRows.Run(rig.Queue, rig.View(golden["x"].ToFloats(), 16, 37), y);
        MeanRows.Backward(rig.Queue, rig.View(golden["dy"].ToFloats(), 2, 37), dx);
        Gradients.Close(output, "y", rig.Read(y), golden["y"].ToFloats(), 1e-5);
        Gradients.Close(output, "dx", rig.Read(dx), golden["d_x"].ToFloats(), 1e-5);
    }
}
