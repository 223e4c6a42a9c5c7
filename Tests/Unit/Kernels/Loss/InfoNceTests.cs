using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Loss;

public sealed class InfoNceTests(ITestOutputHelper output)
{
    public static TheoryData<string> Devices => [.. Gradients.Devices];

    [Theory, MemberData(nameof(Devices))]
    public void Loss_and_gradients_equal_the_reference(string device)
    {
        using SafeTensors golden = Gradients.Operator("info_nce");
        using var rig = new KernelRig(KernelDevices.Get(device));
        using var arena = new Arena(rig.Queue.Device);
        Matrix Features(string name) => rig.View(golden[name].ToFloats(), 6, 37);
        Matrix da = rig.Result(6, 37), db = rig.Result(6, 37);
        (double loss, double dScale) = InfoNce.Run(rig.Queue, Features("image_features"), Features("text_features"),
            golden["logit_scale"].ToFloats()[0], 0.5f, arena, da, db);
        float[] Half(string name) => [.. golden[name].ToFloats().Select(gradient => gradient / 2)];
        Assert.Equal(golden["y"].ToFloats()[0], loss, 2e-6);
        Gradients.Close(output, "da", rig.Read(da), Half("d_image_features"), 1e-5);
        Gradients.Close(output, "db", rig.Read(db), Half("d_text_features"), 1e-5);
        Gradients.Close(output, "logit scale", [(float)dScale], Half("d_logit_scale"), 1e-5);
    }
}
