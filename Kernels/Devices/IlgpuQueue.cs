using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Kernels;

/// <summary>A stream of an accelerator: launches and copies are done in order, behind the caller's back; Read and Wait wait.</summary>
internal sealed unsafe partial class IlgpuQueue : ComputeQueue
{
    private readonly IlgpuDevice device;
    private readonly AcceleratorStream stream;
    private readonly HostStaging staging = new();
    private List<Action<AcceleratorStream>>? recording;
    private HashSet<LazyKernel>? wanted; // not null: nothing runs
    private LaunchProfile? profile;
    private readonly QueueProgress progress = new();
    private nint? marker;
    private bool disposed, isClosed, isRecording;

    public IlgpuQueue(IlgpuDevice device) : base(device)
    {
        this.device = device;
        // On CUDA a stream that waits for no default stream: what others do there must not end the capture of a graph.
        stream = device.Accelerator is CudaAccelerator cuda ? cuda.CreateStream(StreamFlags.CU_STREAM_NON_BLOCKING) : device.Accelerator.CreateStream();
        Scratch = new Arena(device);
    }

    public IlgpuKernels Kernels => device.Kernels;

    public KernelTier Tier => device.Tier;

    public int Multiprocessors => device.Accelerator.NumMultiprocessors;

    /// <summary>What an operation needs between two launches; the launches of a queue are in order, so the next operation may use it again.</summary>
    public Arena Scratch { get; }

    /// <summary>Whether everything given to this queue up to a ticket of the device is done.</summary>
    public bool Passed(long ticket) => progress.Passed(ticket);

    public override void Write(ReadOnlySpan<float> source, Matrix target)
    {
        source = source[..(target.Rows * target.Columns)];
        if (target.Type == StorageType.F16) WriteRows<ushort>(ToHalves(source), target);
        else WriteRows(source, target);
    }

    public override void Write(ReadOnlySpan<int> source, IntVector target)
    {
        if (target.Length > 0) Upload(source[..target.Length], target.Gpu());
    }

    public override void Write(ReadOnlySpan<byte> source, DeviceBuffer target)
    {
        // ILGPU wants views of the buffer's element or larger ones.
        switch (target.Type.ElementBytes())
        {
            case 1: WriteStart(source, target); break;
            case 2: WriteStart(MemoryMarshal.Cast<byte, ushort>(source), target); break;
            default: WriteStart(MemoryMarshal.Cast<byte, int>(source), target); break;
        }
    }

    public override void Read(Matrix source, Span<float> target)
    {
        target = target[..(source.Rows * source.Columns)];
        if (source.Type != StorageType.F16)
        {
            ReadRows(source, target);
            return;
        }
        var halves = new ushort[target.Length];
        ReadRows<ushort>(source, halves);
        for (int i = 0; i < halves.Length; i++) target[i] = (float)BitConverter.UInt16BitsToHalf(halves[i]);
    }

    public override void Read(IntVector source, Span<int> target)
    {
        fixed (int* address = target[..source.Length])
        {
            if (source.Length > 0) Download(source.Gpu(), address);
            Wait();
        }
    }

    public override void Copy(Matrix source, Matrix target)
    {
        Shapes.Same(source, target);
        if (source.Stride != source.Columns || target.Stride != target.Columns || source.Type != StorageType.F32 || target.Type != StorageType.F32)
        {
            base.Copy(source, target);
            return;
        }
        long count = (long)source.Rows * source.Columns;
        Submit((IlgpuViews.View<float>(source.Buffer, source.Offset, count), IlgpuViews.View<float>(target.Buffer, target.Offset, count)),
            static (copy, stream) => copy.Item1.CopyTo(stream, copy.Item2));
    }

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
        if (isRecording || followed.isRecording) throw new InvalidOperationException("recorded work neither waits for another queue nor is waited for");
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

    private static ushort[] ToHalves(ReadOnlySpan<float> numbers)
    {
        var halves = new ushort[numbers.Length];
        for (int i = 0; i < halves.Length; i++) halves[i] = BitConverter.HalfToUInt16Bits((System.Half)numbers[i]);
        return halves;
    }

    private void WriteStart<T>(ReadOnlySpan<T> source, DeviceBuffer target) where T : unmanaged
    {
        if (source.Length > 0) Upload(source, IlgpuViews.View<T>(target, 0, source.Length));
    }

    private void WriteRows<T>(ReadOnlySpan<T> source, Matrix target) where T : unmanaged
    {
        foreach ((long offset, int start, int length) in Pieces(target))
            Upload(source.Slice(start, length), IlgpuViews.View<T>(target.Buffer, offset, length));
    }

    private void ReadRows<T>(Matrix source, Span<T> target) where T : unmanaged
    {
        fixed (T* address = target)
        {
            foreach ((long offset, int start, int length) in Pieces(source))
                Download(IlgpuViews.View<T>(source.Buffer, offset, length), address + start);
            Wait(); // inside fixed: the driver writes to the caller's memory until then
        }
    }

    /// <summary>What a copy of a matrix consists of: all of it if its rows lie close, else each row.</summary>
    private static IEnumerable<(long Offset, int Start, int Length)> Pieces(Matrix matrix)
    {
        bool dense = matrix.Rows == 1 || matrix.Stride == matrix.Columns;
        int count = matrix.Rows * matrix.Columns == 0 ? 0 : dense ? 1 : matrix.Rows, length = dense ? matrix.Rows * matrix.Columns : matrix.Columns;
        for (int i = 0; i < count; i++) yield return (matrix.Offset + (long)i * matrix.Stride, i * length, length);
    }

    private void Upload<T>(ReadOnlySpan<T> source, ArrayView<T> target) where T : unmanaged
    {
        if (wanted != null) return;
        HostStaging.Block block = staging.Take((long)source.Length * sizeof(T), progress.Done);
        source.CopyTo(new Span<T>(block.Address, source.Length));
        Submit((target, (nint)block.Address), static (copy, stream) => copy.target.CopyFromCPUUnsafeAsync(stream, ref *(T*)copy.Item2, copy.target.Length));
        block.Ticket = progress.Last;
    }

    private void Download<T>(ArrayView<T> source, T* target) where T : unmanaged
        => Submit((source, (nint)target), static (copy, stream) => copy.source.CopyToCPUUnsafeAsync(stream, ref *(T*)copy.Item2, copy.source.Length));

    public override void Compile(Action give)
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
        try
        {
            Parallel.ForEach(kernels, kernel => kernel.Load());
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
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

    /// <summary>Gives one piece of work to the driver and numbers it, both under the device's lock.</summary>
    private void Submit<TWork>(TWork work, Action<TWork, AcceleratorStream> give)
    {
        if (wanted != null) return;
        if (recording != null)
        {
            recording.Add(stream => give(work, stream));
            return;
        }
        lock (device.Gate)
        {
            try
            {
                device.Accelerator.Bind(); // CUDA's current context is the thread's
                if (DeviceProbe.Launching != null && work is ITuple { Length: > 0 } launch && launch[0] is Delegate kernel) DeviceProbe.Launching(kernel);
                give(work, stream);
                profile?.Add(work);
            }
            catch (AcceleratorException e)
            {
                throw device.Failed(e);
            }
            finally
            {
                progress.Give(device.NextTicket());
            }
        }
    }
}
