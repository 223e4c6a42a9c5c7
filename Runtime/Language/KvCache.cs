using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>Keys (rotated) and values of one layer and one conversation: (capacity, K) each, grown by doubling.</summary>
/// <param name="type">F32 or F16, the device's type of activations; or I8, signed bytes with a scale for each position and head.</param>
internal sealed class KvCache(ComputeDevice device, int heads, int headSize, StorageType type) : IDisposable
{
    private const int FirstCapacity = 256;

    public HeadRows Keys { get; private set; } = HeadRows.Allocate(device, FirstCapacity, heads, headSize, type);
    public HeadRows Values { get; private set; } = HeadRows.Allocate(device, FirstCapacity, heads, headSize, type);

    /// <summary>Makes room for so many positions; <paramref name="used"/> rows are kept.</summary>
    public void Reserve(ComputeQueue queue, int positions, int used, int limit)
    {
        if (positions <= Keys.Rows) return;
        int capacity = Math.Max(positions, Math.Min(limit, 2 * Keys.Rows));
        Keys = Grow(queue, Keys, capacity, used);
        Values = Grow(queue, Values, capacity, used);
    }

    public void Dispose()
    {
        Keys.Release();
        Values.Release();
    }

    private HeadRows Grow(ComputeQueue queue, HeadRows old, int capacity, int used)
    {
        HeadRows grown = HeadRows.Allocate(device, capacity, heads, headSize, type);
        if (used > 0) HeadRows.Copy(queue, old, grown, used);
        old.Release();
        return grown;
    }
}
