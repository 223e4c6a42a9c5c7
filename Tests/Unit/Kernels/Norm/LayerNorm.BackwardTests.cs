using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Norm;

public sealed class LayerNormBackwardTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, string, double>> Goldens
        => from device in KernelDevices.Cpu
           from golden in new[] { ("layernorm_5x37", 1e-5), ("layernorm_3d", 1e-5), ("layernorm_offset", 1e-4) } // the goldens' README
           select new TheoryDataRow<string, string, double>(device, golden.Item1, golden.Item2);

    [Theory, MemberData(nameof(Goldens))]
    public void Gradients_equal_the_reference(string device, string name, double tolerance)
    {
        using SafeTensors golden = Gradients.Operator(name);
        using var rig = new KernelRig(KernelDevices.Get(device));
        int columns = (int)golden["w"].Elements, rows = (int)golden["x"].Elements / columns;
        Matrix x = rig.View(golden["x"].ToFloats(), rows, columns), weight = rig.Vector(golden["w"].ToFloats());
        Matrix y = rig.Result(rows, columns), statistics = rig.Result(rows, 2), dy = rig.View(golden["dy"].ToFloats(), rows, columns);
        Matrix dx = rig.Result(rows, columns), dw = rig.Vector(new float[columns]), db = rig.Vector(new float[columns]);
        LayerNorm.Run(rig.Queue, x, weight, rig.Vector(golden["b"].ToFloats()), 1e-5f, y, statistics);
        LayerNorm.Backward(rig.Queue, x, weight, statistics, dy, dx, null, dw, db);
        Gradients.Close(output, "dx", rig.Read(dx), golden["d_x"].ToFloats(), tolerance);
        Gradients.Close(output, "dw", rig.Read(dw), golden["d_w"].ToFloats(), tolerance);
        Gradients.Close(output, "db", rig.Read(db), golden["d_b"].ToFloats(), tolerance);
    }
}
