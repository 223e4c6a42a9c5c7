using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Where buffers live and kernels run. Weights and buffers belong to a device, work is given to its queues.</summary>
/// <remarks>Thread-safe. The forward pass is written once against this class and <see cref="ComputeQueue"/>.</remarks>
internal abstract class ComputeDevice : IDisposable
{
    private long allocatedBytes;

    /// <summary>Back end, device, driver and memory in one line, for the start line of a program.</summary>
    public abstract string Description { get; }

    /// <summary>The first of it: the name by which the user chooses it, and what it is.</summary>
    public abstract string Label { get; }

    /// <summary>Bytes of device memory in use; mapped weights count nothing.</summary>
    public long AllocatedBytes => Interlocked.Read(ref allocatedBytes);

    /// <summary>Bytes of its own memory that are free now, other programs' use included where the driver tells it;
    /// null on the processor.</summary>
    public virtual long? FreeMemory => null;

    /// <summary>Whether its memory is the host's: what the file cache keeps, it lacks. The processor, and a GPU on the same chip.</summary>
    public virtual bool SharesHostMemory => true;

    /// <summary>F32 or F16: what lies between the layers of a block (inputs of products, queries, keys, values). The
    /// residual stream is always F32.</summary>
    public virtual StorageType ActivationType => StorageType.F32;

    /// <summary>Decode steps worth giving at once: one where work is done while it is given, several where the host
    /// would be waited for.</summary>
    public virtual int StepsAhead => 1;

    /// <summary>Whether frames are resampled here rather than on the processor: on a GPU.</summary>
    public virtual bool ResamplesFrames => false;

    /// <summary>Whether tokens are drawn here (<c>DrawToken</c>) rather than from logits read back: where a
    /// round trip a token costs something.</summary>
    public virtual bool DrawsTokens => false;

    /// <summary>A queue: its work is done in the order given; only
    /// <see cref="ComputeQueue.Read(Matrix, Span{float})"/> and <see cref="ComputeQueue.Wait"/> wait.</summary>
    internal abstract ComputeQueue CreateQueue();

    /// <summary>New memory; its contents are undefined.</summary>
    /// <exception cref="DeviceFailedException">There is not enough memory.</exception>
    internal abstract DeviceBuffer Allocate(StorageType type, long elements);

    /// <summary>A weight of (sum of the parts' rows, columns) put together by rows. One part may stay where it is (a
    /// mapped file).</summary>
    /// <remarks>The host memory of the parts must outlive the weight on the processor; any other device has its own
    /// copy on return.</remarks>
    internal abstract Weight LoadWeight(string name, StorageType type, int columns, params ReadOnlySpan<HostRows> parts);

    /// <summary>Whether <see cref="LoadLinear"/> copies weights in blocks into an order of its own, which nothing but products
    /// reads.</summary>
    internal virtual bool RearrangesLinears => false;

    /// <summary>As <see cref="LoadWeight"/>, for a weight that only products read.</summary>
    internal virtual Weight LoadLinear(string name, StorageType type, int columns, params ReadOnlySpan<HostRows> parts)
        => LoadWeight(name, type, columns, parts);

    /// <summary>A weight of its own memory, whose stored rows <paramref name="write"/> puts one behind the other at
    /// the address that it is given.</summary>
    /// <exception cref="DeviceFailedException">There is not enough memory.</exception>
    internal virtual Weight MakeWeight(string name, StorageType type, int rows, int columns, Action<nint> write)
    {
        using HostMemory host = Converted(type, rows, columns);
        write(host.Address);
        return LoadWeight(name, type, columns, new HostRows(host.Address, rows));
    }

    /// <summary>Where a weight is written that the device then copies.</summary>
    private protected static HostMemory Converted(StorageType type, int rows, int columns) => new(type.Bytes((long)rows * columns),
        mebibytes => $"no memory for {mebibytes} MiB of converted weights; close other programs or take a smaller model or type");

    /// <summary>As <see cref="MakeWeight"/>, for a weight that only products read.</summary>
    /// <param name="parts">Rows of each tensor that it is put together of.</param>
    internal virtual Weight MakeLinear(string name, StorageType type, ReadOnlySpan<int> parts, int columns, Action<nint> write)
    {
        int rows = 0;
        foreach (int part in parts) rows += part;
        return MakeWeight(name, type, rows, columns, write);
    }

    /// <summary>A weight for <c>QuantizeRows</c> to fill; until then its numbers are undefined.</summary>
    internal abstract Weight AllocateWeight(string name, StorageType type, int rows, int columns);

    /// <summary>The numbers of a weight that is kept as float32, on the processor also as binary16, as a matrix that may be
    /// written.</summary>
    /// <exception cref="ArgumentException">It is kept as another type.</exception>
    internal virtual Matrix Numbers(Weight weight)
        => weight.Buffer.Type is StorageType.F32 or StorageType.F16
            ? new Matrix(weight.Buffer, 0, weight.Rows, weight.Columns, weight.Columns)
            : throw new ArgumentException($"{weight.Name} is kept as {weight.Buffer.Type}");

    internal Matrix AllocateMatrix(int rows, int columns, StorageType type = StorageType.F32)
        => new(Allocate(type, (long)rows * columns), 0, rows, columns, columns);

    internal IntVector AllocateInts(int length) => new(Allocate(StorageType.I32, length), 0, length);

    public virtual void Dispose() => GC.SuppressFinalize(this);

    internal void CountAllocation(long bytes) => Interlocked.Add(ref allocatedBytes, bytes);
}
