using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Embedding;

public sealed class EmbeddingGatherTests
{
    /// <summary>The definition: y[t] = table[ids[t]].</summary>
    private static float[] Oracle(float[] table, int[] ids, int columns)
        => [.. ids.SelectMany(id => table.Skip(id * columns).Take(columns))];

    public static IEnumerable<TheoryDataRow<string, StorageType, int, int>> Sizes
        => from device in KernelDevices.All
           from type in new[] { StorageType.F32, StorageType.F16, StorageType.BF16 }
           from size in new[] { (1, 1), (3, 31), (33, 64), (2, 67) }
           select new TheoryDataRow<string, StorageType, int, int>(device, type, size.Item1, size.Item2);

    public static IEnumerable<TheoryDataRow<string, StorageType, int, int>> BlockSizes
        => from device in KernelDevices.All
           from type in BlockOracle.Types
           from size in new[] { (1, 256), (33, 512) }
           select new TheoryDataRow<string, StorageType, int, int>(device, type, size.Item1, size.Item2);

    [Theory, DeviceRows(nameof(Sizes)), DeviceRows(nameof(BlockSizes))]
    public void Rows_are_those_of_the_table(string device, StorageType type, int count, int columns)
    {
        const int vocabulary = 11;
        using var rig = new KernelRig(KernelDevices.Get(device), count + columns);
        float[] table = rig.Numbers(vocabulary * columns);
        int[] ids = [.. Enumerable.Range(0, count).Select(_ => rig.Random.Next(vocabulary))];
        Matrix y = rig.Result(count, columns);
        EmbeddingGather.Run(rig.Queue, rig.Weight(type, table, vocabulary, columns), rig.Ints(ids), y);
        Assert.Equal(Oracle(table, ids, columns), rig.Read(y));
    }

    [Fact]
    public void Every_half_converts_exactly()
    {
        foreach (string device in KernelDevices.Cpu)
        {
            using var rig = new KernelRig(KernelDevices.Get(device));
            float[] every = [.. Enumerable.Range(0, 1 << 16).Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))];
            Matrix y = rig.Result(1, every.Length);
            EmbeddingGather.Run(rig.Queue, rig.Weight(StorageType.F16, every, 1, every.Length), rig.Ints(0), y);
            float[] got = rig.Read(y);
            for (int i = 0; i < every.Length; i++)
            {
                if (float.IsNaN(every[i])) Assert.True(float.IsNaN(got[i]));
                else Assert.Equal(BitConverter.SingleToInt32Bits(every[i]), BitConverter.SingleToInt32Bits(got[i]));
            }
        }
    }
}
