using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Cuda;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>A stream of an accelerator: launches and copies are done in order and asynchronously; Read and Wait wait.</summary>
internal sealed unsafe partial class IlgpuQueue : ComputeQueue
{
    private readonly IlgpuDevice device;
    private readonly AcceleratorStream stream;
    private readonly HostStaging staging = new();
    private readonly QueueProgress progress = new();
    private nint? marker;
    private Mode mode;
    private bool disposed, isClosed;

    public IlgpuQueue(IlgpuDevice device) : base(device)
    {
        this.device = device;
        // On CUDA the stream does not wait for the default stream: work there must not end the capture of a graph.
        stream = device.Accelerator is CudaAccelerator cuda ? cuda.CreateStream(StreamFlags.CU_STREAM_NON_BLOCKING)
            : device.Accelerator.CreateStream();
        Scratch = new Arena(device);
        mode = new Running(this);
    }

    public KernelTier Tier => device.Tier;

    /// <summary>Whether a launch may have a kilobyte of parameters and more: OpenCL promises one at most.</summary>
    public bool TakesManyViews => device.Accelerator.AcceleratorType != AcceleratorType.OpenCL;

    public bool DeepTiles => device.DeepTiles;

    public int Multiprocessors => device.Accelerator.NumMultiprocessors;

    /// <summary>What an operation needs between two launches; the launches of a queue are in order, so the next
    /// operation may use it again.</summary>
    public Arena Scratch { get; }

    /// <summary>Whether everything given to this queue up to a ticket of the device is done.</summary>
    public bool Passed(long ticket) => progress.Passed(ticket);

    public override void Wait()
    {
        long ticket = device.LastTicket;
        try
        {
            stream.Synchronize();
        }
        catch (AcceleratorException e)
        {
            throw device.Failed(e);
        }
        progress.Finish(ticket);
        device.ReleaseRetired();
    }

    private protected override void Follow(ComputeQueue other)
    {
        var followed = (IlgpuQueue)other;
        if (mode.Records || followed.mode.Records)
            throw new InvalidOperationException("recorded work neither waits for another queue nor is waited for");
        if (!FollowByEvent(followed)) followed.Wait();
    }

    /// <summary>False where there is no CUDA, or its driver refuses.</summary>
    private bool FollowByEvent(IlgpuQueue other)
    {
        lock (device.Gate)
        {
            if (other.isClosed) return true; // it has waited for its work, and its stream is gone
            if (stream is not CudaStream mine || other.stream is not CudaStream theirs) return false;
            device.Accelerator.Bind();
            marker ??= DriverApi.CreateEvent();
            if (marker is not { } created || DriverApi.WaitFor(mine.StreamPtr, theirs.StreamPtr, created) != 0) return false;
            progress.Give(device.NextTicket());
            progress.Follow(other.progress, progress.Last);
            return true;
        }
    }

    public override void Dispose()
    {
        if (disposed) return;
        disposed = true;
        Scratch.Dispose();
        Wait();
        device.Forget(this);
        staging.Dispose();
        lock (device.Gate)
        {
            isClosed = true;
        }
        if (marker is { } released) _ = DriverApi.DestroyEvent(released);
        stream.Dispose();
        base.Dispose();
    }
}
