using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.MatMul;

public sealed class LinearBackwardTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, string>> Goldens
        => from device in Gradients.Devices.Concat(KernelDevices.Portable)
           from name in new[] { "linear_7x37", "linear_nobias", "linear_batched", "linear_64", "linear_one_row" }
           select new TheoryDataRow<string, string>(device, name);

    [Theory, MemberData(nameof(Goldens))]
    public void Gradients_equal_the_reference(string device, string name)
    {
        using SafeTensors golden = Gradients.Operator(name);
        using var rig = new KernelRig(KernelDevices.Get(device));
        int outputs = (int)golden["w"].Shape[0], inputs = (int)golden["w"].Shape[1], rows = (int)golden["x"].Elements / inputs;
        Weight weight = rig.Weight(StorageType.F32, golden["w"].ToFloats(), outputs, inputs);
        Matrix dz = rig.View(golden["dy"].ToFloats(), rows, outputs), x = rig.View(golden["x"].ToFloats(), rows, inputs);
        Matrix dx = rig.Result(rows, inputs), dw = Zeros(rig, outputs, inputs), db = Zeros(rig, 1, outputs);
        Linear.InputBackward(rig.Queue, weight, dz, dx);
        Linear.WeightBackward(rig.Queue, dz, x, dw, db);
        Gradients.Close(output, "dx", rig.Read(dx), golden["d_x"].ToFloats(), 1e-5);
        Gradients.Close(output, "dw", rig.Read(dw), golden["d_w"].ToFloats(), 1e-5);
        if (name is not ("linear_nobias" or "linear_one_row")) Gradients.Close(output, "db", rig.Read(db), golden["d_b"].ToFloats(), 1e-5);
    }

    public static IEnumerable<TheoryDataRow<string, int, int, int, StorageType>> Sizes
        => from device in Gradients.Devices.Append(nameof(TestDevice.OpenClPortable))
           from size in new[] { (1, 1, 1), (530, 37, 33), (1030, 70, 3), (7, 300, 65), (40, 600, 32) }
           from type in new[] { StorageType.F32, StorageType.F16, StorageType.BF16, StorageType.Q8_0, StorageType.Q4_0, StorageType.Q6_K }
           where type == StorageType.F32 || size.Item1 == 7
           select new TheoryDataRow<string, int, int, int, StorageType>(device, size.Item1, size.Item2, size.Item3, type);

    /// <summary>The definitions, in double; what was there before is added to.</summary>
    [Theory, MemberData(nameof(Sizes))]
    public void Gradients_equal_the_definition(string device, int rows, int outputs, int inputs, StorageType type)
    {
        if (type.IsBlock()) inputs = 256;
        using var rig = new KernelRig(KernelDevices.Get(device), rows + outputs);
        float[] numbers = rig.Numbers(outputs * inputs), dz = rig.Numbers(rows * outputs), x = rig.Numbers(rows * inputs);
        Weight weight = rig.Weight(type, numbers, outputs, inputs);
        Matrix dx = rig.Result(rows, inputs), dw = Ones(rig, outputs, inputs), db = Ones(rig, 1, outputs);
        Matrix gradient = rig.View(dz, rows, outputs);
        Linear.InputBackward(rig.Queue, weight, gradient, dx);
        Linear.InputBackward(rig.Queue, weight, gradient, dx, add: true);
        Linear.WeightBackward(rig.Queue, gradient, rig.View(x, rows, inputs), dw, db);
        Expected.Check(output, "dx", rig.Read(dx), Product(rows, inputs, outputs, (t, r) => 2 * dz[t * outputs + r],
            (r, c) => numbers[r * inputs + c], 0));
        Expected.Check(output, "dw", rig.Read(dw), Product(outputs, inputs, rows, (r, t) => dz[t * outputs + r],
            (t, c) => x[t * inputs + c], 1));
        Expected.Check(output, "db", rig.Read(db), Product(1, outputs, rows, (_, _) => 1, (t, r) => dz[t * outputs + r], 1));
    }

    [Fact]
    public void Threads_do_not_matter() => KernelDevices.AssertThreadsDoNotMatter(device =>
    {
        using var rig = new KernelRig(device);
        Matrix dz = rig.View(rig.Numbers(600 * 70), 600, 70), dw = Zeros(rig, 70, 90);
        Linear.WeightBackward(rig.Queue, dz, rig.View(rig.Numbers(600 * 90), 600, 90), dw);
        return rig.Read(dw);
    });

    private static Matrix Zeros(KernelRig rig, int rows, int columns) => rig.Dense(new float[rows * columns], rows, columns);

    private static Matrix Ones(KernelRig rig, int rows, int columns)
        => rig.Dense([.. Enumerable.Repeat(1f, rows * columns)], rows, columns);

    private static Expected[] Product(int rows, int columns, int depth, Func<int, int, double> a, Func<int, int, double> b, double before)
        => [.. from i in Enumerable.Range(0, rows)
               from j in Enumerable.Range(0, columns)
               let terms = Enumerable.Range(0, depth).Select(p => a(i, p) * b(p, j)).ToArray()
               select new Expected(before + terms.Sum(), before + terms.Sum(Math.Abs))];
}
