using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>A stream of an accelerator: launches and copies are done in order, behind the caller's back; Read and Wait wait.</summary>
internal sealed unsafe partial class IlgpuQueue : ComputeQueue
{
    private readonly IlgpuDevice device;
    private readonly AcceleratorStream stream;
    private readonly HostStaging staging = new();
    private long last, done;
    private bool disposed;

    public IlgpuQueue(IlgpuDevice device) : base(device)
    {
        this.device = device;
        stream = device.Accelerator.CreateStream();
        Scratch = new Arena(device);
    }

    public IlgpuKernels Kernels => device.Kernels;

    /// <summary>What an operation needs between two launches; the launches of a queue are in order, so the next operation may use it again.</summary>
    public Arena Scratch { get; }

    /// <summary>Whether everything given to this queue up to a ticket of the device is done.</summary>
    public bool Passed(long ticket) => Volatile.Read(ref done) >= Math.Min(ticket, Volatile.Read(ref last));

    public override void Write(ReadOnlySpan<float> source, Matrix target)
    {
        if (target.Rows == 0) return;
        bool dense = target.Rows == 1 || target.Stride == target.Columns;
        for (int row = 0; row < (dense ? 1 : target.Rows); row++)
        {
            int length = dense ? target.Rows * target.Columns : target.Columns;
            Upload(source.Slice(row * target.Columns, length), IlgpuViews.View<float>(target.Buffer, target.Offset + (long)row * target.Stride, length));
        }
    }

    public override void Write(ReadOnlySpan<int> source, IntVector target)
    {
        if (target.Length > 0) Upload(source[..target.Length], target.Gpu());
    }

    public override void Read(Matrix source, Span<float> target)
    {
        bool dense = source.Rows == 1 || source.Stride == source.Columns;
        int copies = source.Rows == 0 ? 0 : dense ? 1 : source.Rows, length = dense ? source.Rows * source.Columns : source.Columns;
        fixed (float* address = target[..(source.Rows * source.Columns)])
        {
            for (int row = 0; row < copies; row++)
                Download(IlgpuViews.View<float>(source.Buffer, source.Offset + (long)row * source.Stride, length), address + (long)row * length);
            Wait(); // inside fixed: the driver writes to the caller's memory until then
        }
    }

    public override void Read(IntVector source, Span<int> target)
    {
        fixed (int* address = target[..source.Length])
        {
            if (source.Length > 0) Download(source.Gpu(), address);
            Wait();
        }
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
        InterlockedMax(ref done, ticket);
        device.ReleaseRetired();
    }

    public override void Dispose()
    {
        if (disposed) return;
        disposed = true;
        Scratch.Dispose();
        Wait();
        device.Forget(this);
        staging.Dispose();
        stream.Dispose();
        base.Dispose();
    }

    private void Upload<T>(ReadOnlySpan<T> source, ArrayView<T> target) where T : unmanaged
    {
        HostStaging.Block block = staging.Take((long)source.Length * sizeof(T), Volatile.Read(ref done));
        source.CopyTo(new Span<T>(block.Address, source.Length));
        Submit((target, (nint)block.Address), static (copy, stream) => copy.target.CopyFromCPUUnsafeAsync(stream, ref *(T*)copy.Item2, copy.target.Length));
        block.Ticket = last;
    }

    private void Download<T>(ArrayView<T> source, T* target) where T : unmanaged
        => Submit((source, (nint)target), static (copy, stream) => copy.source.CopyToCPUUnsafeAsync(stream, ref *(T*)copy.Item2, copy.source.Length));

    /// <summary>Gives one piece of work to the driver and numbers it, both under the device's lock.</summary>
    private void Submit<TWork>(TWork work, Action<TWork, AcceleratorStream> give)
    {
        lock (device.Gate)
        {
            try
            {
                device.Accelerator.Bind(); // CUDA's current context is the thread's
                if (DeviceProbe.Launching != null && work is ITuple { Length: > 0 } launch && launch[0] is Delegate kernel) DeviceProbe.Launching(kernel);
                give(work, stream);
            }
            catch (AcceleratorException e)
            {
                throw device.Failed(e);
            }
            finally
            {
                Volatile.Write(ref last, device.NextTicket());
            }
        }
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen = Volatile.Read(ref target);
        while (seen < value)
        {
            long before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen) return;
            seen = before;
        }
    }
}
