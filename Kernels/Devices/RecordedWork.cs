namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Operations of a queue that are given again as one piece of work, on the same memory
/// (<see cref="ComputeQueue.Record"/>).</summary>
internal abstract class RecordedWork : IDisposable
{
    /// <summary>False once the queue's own scratch has moved: record anew.</summary>
    public abstract bool IsCurrent { get; }

    /// <summary>Whether the driver takes it as one call (a CUDA graph), and not as the launches one by one.</summary>
    public virtual bool IsOneCall => false;

    public abstract void Replay();

    public abstract void Dispose();
}
