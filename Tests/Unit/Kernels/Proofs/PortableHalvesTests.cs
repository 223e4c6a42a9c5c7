using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Kernels.MatMul;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>Products of binary16 rows without tensor cores: weights of every type, and halves in the order that tensor cores read,
/// which a device of that tier has in fp32 too.</summary>
[Trait("Category", "long")]
public sealed class PortableHalvesTests(ITestOutputHelper output)
{
    private static readonly TestDevice[] Devices
        = [TestDevice.CudaTextPortableHalf, TestDevice.CudaTextProcessorHalf, TestDevice.CudaTextTensorCore];

    /// <summary>Device, type, rows, columns, outputs, activation. Few outputs of many columns are shared by groups.</summary>
    public static IEnumerable<TheoryDataRow<TestDevice, StorageType, int, int, int, Activation>> Products
        => from device in Devices
           from activation in new[] { Activation.SiluUp, Activation.Gelu }
           from size in Sizes
           select new TheoryDataRow<TestDevice, StorageType, int, int, int, Activation>(
               device, size.Type, size.Rows, size.Columns, size.Outputs, activation);

    private static IEnumerable<(StorageType Type, int Rows, int Columns, int Outputs)> Sizes
        => [.. from type in DeviceFormat.Kept from rows in new[] { 1, 4, 8, 40 } select (type, rows, 256, 38),
            (StorageType.F16, 1, 4352, 6), (StorageType.F16, 3, 4352, 6)];

    [Theory, DeviceRows(nameof(Products))]
    public void A_product_equals_the_definition(
        TestDevice device, StorageType type, int rows, int columns, int outputs, Activation activation)
    {
        using var rig = new KernelRig(TestDevices.Get(device), rows + columns);
        int kept = activation == Activation.SiluUp ? outputs / 2 : outputs;
        float[] w = rig.Numbers(outputs * columns), x = [.. rig.Numbers(rows * columns).Select(number => (float)(Half)number)];
        float[] bias = rig.Numbers(outputs), residual = rig.Numbers(rows * kept);
        Weight weight = rig.Weight(type, w, outputs, columns);
        Matrix y = rig.Dense(new float[rows * kept], rows, kept, rows == 4 ? StorageType.F32 : StorageType.F16);
        Linear.Run(rig.Queue, weight, rig.Dense(x, rows, columns, StorageType.F16), y,
            new Epilogue(rig.Vector(bias), activation, rig.Dense(residual, rows, kept)));
        Expected[] expected = LinearTests.Oracle(w, x, rows, columns, outputs, bias, activation, residual);
        if (y.Type == StorageType.F16)
            expected = Array.ConvertAll(expected, e => e with { Terms = e.Terms + Math.Pow(2, 11) * Math.Abs(e.Value) });
        Expected.Check(output, $"{type} ({rows}, {columns})", rig.Queue.Read(y), expected);
    }
}
