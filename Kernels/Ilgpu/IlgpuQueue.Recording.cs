using System.Runtime.ExceptionServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>What else can be done with operations than to run them: compile what they would launch, record them, take
/// their times.</summary>
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
        HashSet<LazyKernel> kernels = wanted = [];
        try
        {
            give();
        }
        finally
        {
            wanted = null;
        }
        return kernels;
    }

    public override RecordedWork? Record(Action give)
    {
        isRecording = true;
        try
        {
            return RecordGiven(give);
        }
        finally
        {
            isRecording = false;
        }
    }

    private RecordedWork RecordGiven(Action give)
    {
        int version = Scratch.Version;
        if (stream is CudaStream cuda)
        {
            CudaGraph? graph = CudaGraph.Capture(this, cuda, give);
            if (graph != null) return graph;
        }
        var launches = new List<Action<AcceleratorStream>>();
        recording = launches;
        try
        {
            give();
        }
        finally
        {
            recording = null;
        }
        return new IlgpuRecording(this, launches, version);
    }

    public override IReadOnlyList<LaunchTime>? Profile(Action give)
    {
        if (!device.TimesLaunches) throw new InvalidOperationException("the device was opened without time stamps");
        Wait();
        using LaunchProfile times = StartProfile();
        profile = times;
        try
        {
            give();
        }
        finally
        {
            profile = null;
        }
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
    public void Give(List<Action<AcceleratorStream>> launches) => Submit(launches, static (given, stream) =>
    {
        foreach (Action<AcceleratorStream> launch in given) launch(stream);
    });
}
