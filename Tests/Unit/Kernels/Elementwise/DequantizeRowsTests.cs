using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

public sealed class DequantizeRowsTests
{
    private static readonly StorageType[] Types = [StorageType.F32, StorageType.F16, StorageType.BF16, .. BlockOracle.Types];

    // The definition, y[r] = weight[first + r], needs no oracle but for blocks: what they hold is BlockFormatTests' to say.
    public static IEnumerable<TheoryDataRow<string, StorageType>> Rows
        => from device in KernelDevices.All
           from type in Types
           select new TheoryDataRow<string, StorageType>(device, type);

    [Theory, DeviceRows(nameof(Rows))]
    public void Numbers_arrive_bit_for_bit_and_nothing_else_is_touched(string device, StorageType type)
    {
        int[] widths = type.IsBlock() ? [type.BlockColumns(), 256, 768] : [1, 31, 64];
        foreach (int columns in widths)
        {
            using var rig = new KernelRig(KernelDevices.Get(device), columns);
            float[] numbers = rig.Numbers(5 * columns);
            Weight weight = rig.Weight(type, numbers, 5, columns);
            foreach ((int first, int rows) in new[] { (0, 5), (2, 3), (4, 1), (5, 0) })
            {
                Matrix y = rig.Result(rows, columns);
                DequantizeRows.Run(rig.Queue, weight, first, y);
                Assert.Equal(numbers[(first * columns)..((first + rows) * columns)], rig.Read(y));
            }
            Assert.Throws<ArgumentOutOfRangeException>(() => DequantizeRows.Run(rig.Queue, weight, 3, rig.Result(3, columns)));
        }
    }
}
