using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Rotary;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

/// <summary>Several conversations in one pass, each with a cache and positions of its own: what each gives alone, to
/// the last bit.</summary>
public sealed class CacheSegmentTests
{
    private const int Heads = 4, Groups = 2, HeadSize = 16, Queries = Heads * HeadSize, Keys = Groups * HeadSize;

    /// <summary>Device, type of the caches, rows of each conversation.</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, int[]>> Passes
        => from device in KernelDevices.All
           from type in new[] { StorageType.F32, StorageType.I8 }
           from rows in new int[][] { [1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1], [3, 1, 18], [1, 1, 1, 1, 1, 1, 1, 1, 1] }
           where !device.StartsWith(nameof(TestDevice.IlgpuCpu)) || rows.Length == 5 // every lane is a thread there
           select new TheoryDataRow<string, StorageType, int[]>(device, type, rows);

    [Theory, DeviceRows(nameof(Passes))]
    public void Each_has_what_it_has_alone(string device, StorageType type, int[] rows)
    {
        using var rig = new KernelRig(KernelDevices.Get(device));
        int total = rows.Sum(), columns = Queries + 2 * Keys, half = HeadSize / 2;
        float[] qkv = rig.Numbers(total * columns);
        Matrix input = rig.Dense(qkv, total, columns);
        Matrix cos = rig.Dense(rig.Numbers(500 * half), 500, half);
        Matrix sin = rig.Dense(rig.Numbers(500 * half), 500, half);
        int[] starts = [.. rows.Select((_, i) => i % 3 == 0 ? 0 : 37 * i)]; // more than a part of 128 keys for some
        CacheSegment[] together = [.. Segments()], alone = [.. Segments()];
        IntVector positions = rig.Ints([.. rows.SelectMany((count, i) => Enumerable.Range(starts[i], count))]);
        Matrix queries = rig.Dense(new float[total * Queries], total, Queries);
        Matrix context = rig.Dense(new float[total * Queries], total, Queries);
        RotaryEmbedding.Run(rig.Queue, input, cos, sin, positions, queries, together);
        CausalAttention.Run(rig.Queue, queries, together, positions, HeadSize, context);

        Matrix expectedQueries = rig.Dense(new float[total * Queries], total, Queries);
        Matrix expected = rig.Dense(new float[total * Queries], total, Queries);
        int row = 0;
        foreach (CacheSegment one in alone)
        {
            IntVector places = positions.Range(row, one.Rows);
            Matrix turned = expectedQueries.RowRange(row, one.Rows);
            RotaryEmbedding.Run(rig.Queue, input.RowRange(row, one.Rows), cos, sin, places, turned, one.Keys, one.Values);
            CausalAttention.Run(rig.Queue, turned, one.Keys, one.Values, places, HeadSize, expected.RowRange(row, one.Rows));
            row += one.Rows;
        }
        Assert.Equal(rig.Queue.Read(expectedQueries), rig.Queue.Read(queries));
        Assert.Equal(rig.Queue.Read(expected), rig.Queue.Read(context));
        Assert.All(rig.Queue.Read(context), number => Assert.True(float.IsFinite(number)));
        for (int i = 0; i < rows.Length; i++)
            Assert.Equal((Filled(alone[i].Keys, i), Filled(alone[i].Values, i)),
                (Filled(together[i].Keys, i), Filled(together[i].Values, i)));

        // Caches of unequal capacity; what was there before is the same in both.
        IEnumerable<CacheSegment> Segments()
            => rows.Select((count, i) => new CacheSegment(Cache(starts[i] + count + 9 * i, 2 * i),
                Cache(starts[i] + count + 9 * i, 2 * i + 1), count));

        HeadRows Cache(int capacity, int seed)
        {
            var random = new Random(seed);
            if (type == StorageType.F32)
                return rig.Dense([.. Enumerable.Range(0, capacity * Keys).Select(_ => random.NextSingle() - 0.5f)], capacity, Keys);
            sbyte[] levels = [.. Enumerable.Range(0, capacity * Keys).Select(_ => (sbyte)random.Next(-127, 128))];
            return new HeadRows(rig.Levels(levels, capacity, Keys),
                rig.Dense([.. Enumerable.Range(0, capacity * Groups).Select(_ => 0.004f)], capacity, Groups));
        }

        string Filled(HeadRows cache, int i)
        {
            Matrix numbers = cache.Numbers;
            if (cache.AreBytes)
            {
                numbers = rig.Dense(new float[cache.Rows * Keys], cache.Rows, Keys);
                DequantizeHeads.Run(rig.Queue, cache, HeadSize, numbers);
            }
            return string.Join(' ', rig.Queue.Read(numbers.RowRange(0, starts[i] + rows[i])));
        }
    }

    [Fact]
    public void Segments_have_all_rows_and_caches_of_one_kind()
    {
        using var rig = new KernelRig(TestDevices.Get(TestDevice.Cpu));
        Matrix x = rig.Dense(new float[2 * 8], 2, 8);
        Matrix cache = rig.Dense(new float[3 * 8], 3, 8);
        Matrix narrow = rig.Dense(new float[3 * 4], 3, 4);
        Matrix y = rig.Dense(new float[2 * 8], 2, 8);
        void Run(params CacheSegment[] segments) => CausalAttention.Run(rig.Queue, x, segments, rig.Ints(0, 1), 4, y);
        Assert.Contains("1 rows for 2", Assert.Throws<ArgumentException>(() => Run(new CacheSegment(cache, cache, 1))).Message);
        Assert.Contains("as many columns", Assert.Throws<ArgumentException>(()
            => Run(new CacheSegment(cache, cache, 1), new CacheSegment(narrow, narrow, 1))).Message);
        Run(new CacheSegment(cache, cache, 1), new CacheSegment(cache, cache, 1));
    }
}
