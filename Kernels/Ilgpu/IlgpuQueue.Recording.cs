using System.Runtime.ExceptionServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>What can be done with operations besides running them: compiling what they would launch, recording them, timing
/// them.</summary>
internal sealed unsafe partial class IlgpuQueue
{
    public override void Compile(Action give)
    {
        try
        {
            Parallel.ForEach(KernelsOf(give), kernel => kernel.Load());
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    /// <summary>What the operations would launch; none of them is done.</summary>
    internal IReadOnlyCollection<LazyKernel> KernelsOf(Action give)
    {
        var listing = new Listing();
        Within(listing, give);
        return listing.Kernels;
    }

    public override RecordedWork? Record(Action give)
    {
        int version = Scratch.Version;
        if (stream is CudaStream cuda)
        {
            CudaGraph? graph = null;
            Within(new Capturing(this), () => graph = CudaGraph.Capture(this, cuda, give));
            if (graph != null) return graph;
        }
        var recording = new Recording();
        Within(recording, give);
        return new IlgpuRecording(this, recording.Work, version);
    }

    public override IReadOnlyList<LaunchTime>? Profile(Action give)
    {
        if (!device.TimesLaunches) throw new InvalidOperationException("the device was opened without time stamps");
        Wait();
        using LaunchProfile times = StartProfile();
        Within(new Timing(this, times), give);
        Wait();
        return times.Times();
    }

    private LaunchProfile StartProfile()
    {
        lock (device.Gate)
        {
            device.Accelerator.Bind();
            return new LaunchProfile(stream);
        }
    }

    /// <summary>Gives launches that were recorded.</summary>
    public void Give(List<Action<AcceleratorStream>> launches) => mode.Take(launches, static (given, stream) =>
    {
        foreach (Action<AcceleratorStream> launch in given) launch(stream);
    });
}
