using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

public sealed class DequantizeHeadsTests
{
    /// <summary>Device, rows, heads, head size.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1), (3, 2, 5), (5, 3, 16), (2, 1, 61), (7, 2, 128) }
           select new TheoryDataRow<string, int, int, int>(device, size.Item1, size.Item2, size.Item3);

    [Theory, DeviceRows(nameof(Sizes))]
    public void A_number_is_its_level_times_the_scale_of_its_row_and_head(string device, int rows, int heads, int headSize)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + headSize);
        ByteCache cache = ByteCache.Random(rig, rows, rows, heads, headSize);
        Assert.Equal(cache.Numbers, cache.Read(rig).Numbers); // one product: the same bits everywhere
    }

    [Fact]
    public void Numbers_are_refused()
    {
        using var rig = new KernelRig(TestDevices.Get(TestDevice.Cpu));
        Matrix numbers = rig.Result(2, 8);
        Assert.Contains("numbers already", Assert.Throws<ArgumentException>(()
            => DequantizeHeads.Run(rig.Queue, numbers, 8, rig.Result(2, 8))).Message);
    }
}
