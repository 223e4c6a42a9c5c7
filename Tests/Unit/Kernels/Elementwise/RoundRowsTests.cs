using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Elementwise;

/// <summary>The reference is Pack on the host, whose binary16 and bfloat16 are held to the definition (PackTests).</summary>
public sealed unsafe class RoundRowsTests
{
    public static IEnumerable<TheoryDataRow<string, StorageType, int, int>> Rows
        => from device in KernelDevices.All
           from type in new[] { StorageType.F16, StorageType.BF16 }
           from size in new[] { (1, 1), (3, 31), (5, 64), (2, 516) }
           select new TheoryDataRow<string, StorageType, int, int>(device, type, size.Item1, size.Item2);

    [Theory, DeviceRows(nameof(Rows))]
    public void The_weight_is_as_if_it_had_been_loaded(string device, StorageType type, int rows, int columns)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        // Every size within binary16, ties of both types on purpose.
        float[] numbers = [.. Enumerable.Range(0, rows * columns).Select(i => (i % 3) switch
        {
            0 => MathF.ScaleB(2 * rig.Random.NextSingle() - 1, rig.Random.Next(-28, 15)),
            1 => MathF.ScaleB(2049 + 2 * rig.Random.Next(1000), rig.Random.Next(-30, 4)),
            _ => MathF.ScaleB(257 + 2 * rig.Random.Next(100), rig.Random.Next(-20, 7)),
        })];
        byte[] packed = new byte[type.Bytes(numbers.Length)];
        Assert.True(Pack.FromFloats(type, numbers, packed));
        Weight got = rig.Empty(type, rows, columns);
        RoundRows.Run(rig.Queue, rig.View(numbers, rows, columns), got);
        fixed (byte* address = packed)
        {
            using Weight expected = got.Buffer.Device.LoadWeight("expected", type, columns, new HostRows((nint)address, rows));
            Assert.Equal(QuantizeRowsTests.Stored(rig.Queue, expected), QuantizeRowsTests.Stored(rig.Queue, got));
        }
    }

    [Fact]
    public void Blocks_have_no_masters()
    {
        using var rig = new KernelRig(KernelDevices.Get(KernelDevices.All.First()));
        Assert.Throws<ArgumentException>(() => RoundRows.Run(rig.Queue, rig.View(new float[32], 1, 32), rig.Empty(StorageType.Q8_0, 1, 32)));
    }
}
