using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Cuda;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Kernels.Ilgpu;

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
        if (DriverApi.BeginCapture(stream.StreamPtr) != 0) return null;
        nint? graph = null;
        try
        {
            give();
            graph = DriverApi.EndCapture(stream.StreamPtr);
            return graph is { } captured && DriverApi.InstantiateGraph(captured) is { } executable
                ? new CudaGraph(queue, executable, queue.Scratch.Version) : null;
        }
        finally
        {
            graph ??= DriverApi.EndCapture(stream.StreamPtr); // a stream left in capture would do nothing ever after
            if (graph is { } released) _ = DriverApi.DestroyGraph(released);
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
