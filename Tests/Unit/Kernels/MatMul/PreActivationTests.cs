using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.MatMul;

/// <summary>What a linear layer keeps for a backward: its biased sums before the activation.</summary>
public sealed class PreActivationTests(ITestOutputHelper output)
{
    /// <summary>The definition: z[t,r] = b[r] + Σ_c x[t,c] · W[r,c], gate rows and up rows alike.</summary>
    private static Expected[] Oracle(float[] w, float[] x, float[]? b, int rows, int columns, int outputs)
        => LinearTests.Oracle(w, x, rows, columns, outputs, b, Activation.None, residual: null);

    /// <summary>Few rows, many, and more than the processor multiplies at once (1020).</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, Activation, bool, int>> Cases
        => from device in KernelDevices.Cpu
           from type in new[] { StorageType.F32, StorageType.F16, StorageType.Q4_0 }
           from activation in Enum.GetValues<Activation>()
           from more in new[] { false, true }
           from rows in device == "Cpu.Scalar" ? [1, 14] : new[] { 1, 3, 14, 1100 }
           select new TheoryDataRow<string, StorageType, Activation, bool, int>(device, type, activation, more, rows);

    /// <summary>Each activation with each type, with and without bias and residual; rows for every kernel of a device's products.</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, Activation, bool, int>> OnAccelerators
        => from device in KernelDevices.All.Except(KernelDevices.Cpu)
           from type in new[] { StorageType.F32, StorageType.F16, StorageType.Q4_0 }.Index()
           from activation in Enum.GetValues<Activation>()
           let rows = device.StartsWith(nameof(TestDevice.IlgpuCpu)) ? new[] { 1, 3 } : [1, 3, 8, 40]
           select new TheoryDataRow<string, StorageType, Activation, bool, int>(
               device, type.Item, activation, ((int)activation / 2 + type.Index) % 2 == 0, rows[(int)activation % rows.Length]);

    [Theory, MemberData(nameof(Cases)), DeviceRows(nameof(OnAccelerators))]
    public void Sums_before_the_activation_are_kept(string device, StorageType type, Activation activation, bool more, int rows)
    {
        const int columns = 32;
        int outputs = rows > 1000 ? 6 : 46;
        using var rig = new KernelRig(KernelDevices.Get(device), rows);
        int kept = activation == Activation.SiluUp ? outputs / 2 : outputs;
        float[] w = rig.Numbers(outputs * columns), x = rig.Numbers(rows * columns);
        float[]? b = more ? rig.Numbers(outputs) : null;
        Weight weight = rig.Weight(type, w, outputs, columns);
        Matrix source = rig.View(x, rows, columns), z = rig.Result(rows, outputs);
        Matrix alone = rig.Result(rows, kept), y = rig.Result(rows, kept);
        Matrix? residual = more ? rig.View(rig.Numbers(rows * kept), rows, kept) : null;
        var epilogue = new Epilogue(b == null ? null : rig.Vector(b), activation, residual);
        Linear.Run(rig.Queue, weight, source, alone, epilogue);
        Linear.Run(rig.Queue, weight, source, y, epilogue with { PreActivation = z });
        Assert.Equal(rig.Read(alone), rig.Read(y));
        double k = rows > 32 && !KernelDevices.Cpu.Contains(device) ? Expected.ChainOf32 : 4;
        Expected.Check(output, $"{type} {activation}, {rows} rows", rig.Read(z), Oracle(w, x, b, rows, columns, outputs), k);
    }

    [Fact]
    public void Wrong_shapes_are_refused()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Weight weight = rig.Weight(StorageType.F32, new float[12], 4, 3);
        Assert.Throws<ArgumentException>(() => Linear.Run(rig.Queue, weight, rig.Result(2, 3), rig.Result(2, 2),
            new Epilogue(Activation: Activation.SiluUp, PreActivation: rig.Result(2, 2))));
    }
}
