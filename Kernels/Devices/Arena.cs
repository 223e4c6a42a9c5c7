using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Scratch for the blocks of a model: takes matrices in a fixed order and gives the same memory again after a release.</summary>
/// <remarks>
/// One buffer for each place in the order, grown when a larger matrix is wanted there: in the steady state nothing is allocated.
/// A pass takes at its start all that its layers compute into, and releases it when its results are no longer needed: inference at its end,
/// a training pass after its backward.
/// </remarks>
internal sealed class Arena(ComputeDevice device) : IDisposable
{
    private readonly Places floats = new(device, StorageType.F32), halves = new(device, StorageType.F16);

    /// <summary>Changes when memory that was given before is no longer what will be given again.</summary>
    public int Version => floats.Version + halves.Version;

    /// <summary>An uninitialised (rows, columns) matrix of <see cref="ComputeDevice.ActivationType"/>: what one layer
    /// hands to the next.</summary>
    public Matrix TakeActivations(int rows, int columns) => Take(rows, columns, device.ActivationType);

    /// <summary>An uninitialised (rows, columns) matrix, valid until the scope that it was taken in is left.</summary>
    /// <param name="type">F32 or F16.</param>
    public Matrix Take(int rows, int columns, StorageType type = StorageType.F32)
        => new((type == StorageType.F16 ? halves : floats).Take((long)rows * columns), 0, rows, columns, columns);

    /// <summary>Everything taken until the returned scope is disposed is released together.</summary>
    public Scope Begin() => new(this, floats.Next, halves.Next);

    public void Dispose()
    {
        floats.Dispose();
        halves.Dispose();
    }

    public readonly ref struct Scope(Arena arena, int floats, int halves)
    {
        public void Dispose() => (arena.floats.Next, arena.halves.Next) = (floats, halves);
    }

    private sealed class Places(ComputeDevice device, StorageType type)
    {
        private readonly List<DeviceBuffer> buffers = [];

        public int Next { get; set; }

        public int Version { get; private set; }

        public DeviceBuffer Take(long elements)
        {
            if (Next == buffers.Count) buffers.Add(device.Allocate(type, elements));
            else if (buffers[Next].Elements < elements)
            {
                buffers[Next].Dispose();
                buffers[Next] = device.Allocate(type, elements);
                Version++;
            }
            return buffers[Next++];
        }

        public void Dispose()
        {
            foreach (DeviceBuffer buffer in buffers) buffer.Dispose();
            buffers.Clear();
            Next = 0;
            Version++;
        }
    }
}
