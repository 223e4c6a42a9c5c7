using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>Keys (rotated) and values of one layer and one conversation: two matrices of (capacity, K), grown by doubling.</summary>
public sealed class KvCache(ComputeDevice device, int columns) : IDisposable
{
    private const int FirstCapacity = 256;

    public Matrix Keys { get; private set; } = device.AllocateMatrix(FirstCapacity, columns, device.ActivationType);
    public Matrix Values { get; private set; } = device.AllocateMatrix(FirstCapacity, columns, device.ActivationType);

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
        Keys.Buffer.Dispose();
        Values.Buffer.Dispose();
    }

    private Matrix Grow(ComputeQueue queue, Matrix old, int capacity, int used)
    {
        Matrix grown = device.AllocateMatrix(capacity, columns, device.ActivationType);
        if (used > 0) CopyRows.Run(queue, old.RowRange(0, used), grown.RowRange(0, used));
        old.Buffer.Dispose();
        return grown;
    }
}
