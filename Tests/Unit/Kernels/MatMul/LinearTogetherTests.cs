using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.MatMul;

/// <summary>A row of a decode step's product has the same bits alone and among up to seven others: so what a conversation says does not
/// depend on who else is there.</summary>
public sealed class LinearTogetherTests
{
    public static IEnumerable<TheoryDataRow<string, StorageType, int, int>> Products
        => from device in KernelDevices.Cpu.Concat([nameof(TestDevice.OpenCl), nameof(TestDevice.OpenClPortable), nameof(TestDevice.Cuda)])
           from type in new[] { StorageType.F32, StorageType.F16, StorageType.BF16, StorageType.Q8_0, StorageType.Q4_0, StorageType.Q4_K }
           from size in new[] { (512, 70), (4096, 24) }
           select new TheoryDataRow<string, StorageType, int, int>(device, type, size.Item1, size.Item2);

    [Theory, DeviceRows(nameof(Products))]
    public void A_row_among_others_has_the_bits_that_it_has_alone(string device, StorageType type, int columns, int outputs)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), columns);
        Weight weight = rig.Weight(type, rig.Numbers(outputs * columns), outputs, columns);
        float[] x = rig.Numbers(8 * columns);
        float[][] alone = [.. Enumerable.Range(0, 8).Select(row => Product(rig, weight, x[(row * columns)..((row + 1) * columns)], 1))];
        for (int rows = 2; rows <= 8; rows++)
            Assert.Equal(alone[..rows].SelectMany(row => row), Product(rig, weight, x[..(rows * columns)], rows));
    }

    private static float[] Product(KernelRig rig, Weight weight, float[] x, int rows)
    {
        Matrix y = rig.Result(rows, weight.Rows);
        Linear.Run(rig.Queue, weight, rig.View(x, rows, weight.Columns), y);
        return rig.Read(y);
    }
}
