using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Work in order on one device. Operations (Linear, RmsNorm, ...) take a queue first; only Read and Wait wait for it.</summary>
/// <remarks>Not thread-safe: one thread at a time gives work to a queue. Several queues of a device may be used at
/// once; none waits for another but by <see cref="WaitFor"/>.</remarks>
internal abstract class ComputeQueue(ComputeDevice device) : IDisposable
{
    public ComputeDevice Device { get; } = device;

    /// <summary>Copies host numbers into a matrix, row by row; source.Length is Rows * Columns.</summary>
    public abstract void Write(ReadOnlySpan<float> source, Matrix target);

    public abstract void Write(ReadOnlySpan<int> source, IntVector target);

    /// <summary>Copies bytes, in the type of the buffer, to its beginning.</summary>
    public abstract void Write(ReadOnlySpan<byte> source, DeviceBuffer target);

    /// <summary>Waits for all work given so far and copies a matrix to the host, row by row.</summary>
    public abstract void Read(Matrix source, Span<float> target);

    public abstract void Read(IntVector source, Span<int> target);

    /// <summary>Copies a dense matrix of float32 into another as large, by the driver's own copy where there is one:
    /// the measure of a device's memory.</summary>
    /// <exception cref="ArgumentException">A matrix is not dense or not of float32; <c>CopyRows</c> copies any.</exception>
    public void Copy(Matrix source, Matrix target)
    {
        Shapes.Same(source, target);
        if (!IsDense(source) || !IsDense(target)) throw new ArgumentException("only dense matrices of float32 are copied whole");
        CopyDense(source, target);
    }

    private protected abstract void CopyDense(Matrix source, Matrix target);

    private static bool IsDense(Matrix matrix) => matrix.Stride == matrix.Columns && matrix.Type == StorageType.F32;

    /// <summary>Waits for all work given so far; from then on other queues may use its results.</summary>
    public abstract void Wait();

    /// <summary>Compiles what the operations that <paramref name="give"/> gives would launch; none of them is done,
    /// nothing is written.</summary>
    /// <remarks>Kernels are otherwise compiled at their first launch: this is for those that would be a pause at the wrong time.</remarks>
    /// <exception cref="DeviceFailedException">A kernel does not compile.</exception>
    public virtual void Compile(Action give)
    {
    }

    /// <summary>This queue's later work begins after all that another queue of the device has been given so far, and
    /// may use its results.</summary>
    /// <remarks>On CUDA the host goes on at once (an event of one stream that the other waits for); elsewhere it
    /// waits for the other queue.</remarks>
    /// <exception cref="ArgumentException">The other queue is another device's.</exception>
    public void WaitFor(ComputeQueue other)
    {
        if (other.Device != Device) throw new ArgumentException("a queue of another device", nameof(other));
        if (other != this) Follow(other);
    }

    private protected virtual void Follow(ComputeQueue other) => other.Wait();

    /// <summary>Remembers the operations that <paramref name="give"/> gives, without doing them, as one piece of
    /// work; null where the back end has no such thing.</summary>
    /// <remarks>They may neither read nor write from the host nor wait for another queue; the same operations must have run
    /// before, so that nothing is compiled or allocated: a CUDA stream in capture allows neither.</remarks>
    public virtual RecordedWork? Record(Action give) => null;

    /// <summary>Does what <paramref name="give"/> gives and times each kernel, the costliest first; null where there
    /// are no launches to time (the CPU device).</summary>
    /// <remarks>Nothing may be recorded or replayed meanwhile; what has not run before is compiled within the times.</remarks>
    /// <exception cref="InvalidOperationException">The device was opened without <see cref="DeviceOptions.TimesLaunches"/>.</exception>
    public virtual IReadOnlyList<LaunchTime>? Profile(Action give) => null;

    public virtual void Dispose() => GC.SuppressFinalize(this);

    public float[] Read(Matrix source)
    {
        var target = new float[source.Rows * source.Columns];
        Read(source, target);
        return target;
    }
}
