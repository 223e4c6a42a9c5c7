namespace EdgeVideoLlava.Kernels;

/// <summary>Scratch for the blocks of a model: takes matrices in a fixed order and gives the same memory again after a release.</summary>
/// <remarks>
/// One buffer for each place in the order, grown when a larger matrix is wanted there: in the steady state nothing is allocated.
/// Inference releases after every block; a training pass releases only after its backward.
/// </remarks>
public sealed class Arena(ComputeDevice device) : IDisposable
{
    private readonly List<DeviceBuffer> buffers = [];
    private int next;

    /// <summary>An uninitialised (rows, columns) matrix of <see cref="ComputeDevice.ActivationType"/>: what one layer hands to the next.</summary>
    public Matrix TakeActivations(int rows, int columns) => Take(rows, columns, device.ActivationType);

    /// <summary>An uninitialised (rows, columns) matrix, valid until the scope that it was taken in is left.</summary>
    public Matrix Take(int rows, int columns, StorageType type = StorageType.F32)
    {
        long elements = (long)rows * columns;
        if (next == buffers.Count) buffers.Add(device.Allocate(type, elements));
        else if (buffers[next].Elements < elements || buffers[next].Type != type)
        {
            buffers[next].Dispose();
            buffers[next] = device.Allocate(type, elements);
        }
        return new Matrix(buffers[next++], 0, rows, columns, columns);
    }

    /// <summary>Everything taken until the returned scope is disposed is released together.</summary>
    public Scope Begin() => new(this, next);

    public void Dispose()
    {
        foreach (DeviceBuffer buffer in buffers) buffer.Dispose();
        buffers.Clear();
        next = 0;
    }

    public readonly ref struct Scope(Arena arena, int mark)
    {
        public void Dispose() => arena.next = mark;
    }
}
