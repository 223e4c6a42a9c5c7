using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Kernels;

/// <summary>Launches of a queue as one CUDA graph: the driver is called once for all of them.</summary>
internal sealed class CudaGraph : RecordedWork
{
    private readonly IlgpuQueue queue;
    private readonly int scratchVersion;
    private nint executable;

    private CudaGraph(IlgpuQueue queue, nint executable, int scratchVersion)
        => (this.queue, this.executable, this.scratchVersion) = (queue, executable, scratchVersion);

    public override bool IsCurrent => queue.Scratch.Version == scratchVersion;

    public override bool IsOneCall => true;

    /// <summary>Null if this driver cannot: then the launches are given one by one.</summary>
    public static CudaGraph? Capture(IlgpuQueue queue, CudaStream stream, Action give)
    {
        if (DriverApi.BeginCapture(stream.StreamPtr, DriverApi.CaptureThreadLocal) != 0) return null;
        nint graph = 0;
        bool ended = false;
        try
        {
            give();
            ended = DriverApi.EndCapture(stream.StreamPtr, out graph) == 0;
            return ended && graph != 0 && DriverApi.InstantiateGraph(out nint executable, graph, 0) == 0 ? new CudaGraph(queue, executable, queue.Scratch.Version) : null;
        }
        finally
        {
            if (!ended) _ = DriverApi.EndCapture(stream.StreamPtr, out graph); // a stream left in capture would do nothing ever after
            if (graph != 0) _ = DriverApi.DestroyGraph(graph);
        }
    }

    public override void Replay() => queue.Give([Launch]);

    public override void Dispose()
    {
        nint released = Interlocked.Exchange(ref executable, 0);
        if (released == 0) return;
        queue.Wait(); // it may be running
        _ = DriverApi.DestroyExecutable(released);
    }

    private void Launch(AcceleratorStream stream)
    {
        int result = DriverApi.LaunchGraph(executable, ((CudaStream)stream).StreamPtr);
        if (result != 0) throw new CudaException((CudaError)result);
    }
}
