using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Cuda;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>One accelerator through ILGPU: a GPU by CUDA or OpenCL, the processor by OpenCL (PoCL), or ILGPU's own
/// CPU accelerator.</summary>
/// <remarks>
/// Weights stay in their storage type where <see cref="DeviceFormat"/> has it, and become F16 otherwise, rounded to even; activations are
/// of <see cref="ActivationType"/>, everything else is float32 and int32. Opened by <c>ComputeDevices.Open</c>.
/// </remarks>
internal sealed unsafe partial class IlgpuDevice : ComputeDevice
{
    // Kernels read 16 bytes at once.
    private const int Padding = 16;

    /// <summary>Shared memory of a group with a deep tile.</summary>
    internal const int DeepTileBytes = 64 << 10;

    private readonly Context context;
    private readonly string id;
    private readonly List<IlgpuQueue> queues = [];
    private readonly Queue<(MemoryBuffer Memory, long Ticket)> retired = new();
    private long ticket;

    internal IlgpuDevice(string id, Context context, Accelerator accelerator, StorageType activations, KernelTier tier,
        bool deepTiles = false, bool keepsUniformClaims = false)
    {
        (this.id, this.context, Accelerator) = (id, context, accelerator);
        (ActivationType, Tier) = (activations, tier);
        Memory = accelerator.MemorySize;
        SharedMemory = accelerator switch
        {
            CudaAccelerator cuda => CudaAttributes.Of(cuda.DeviceId).SharedBytesOfGroup ?? accelerator.MaxSharedMemoryPerGroup,
            CPUAccelerator => int.MaxValue, // checks nothing
            _ => accelerator.MaxSharedMemoryPerGroup,
        };
        DeepTiles = deepTiles && CanHaveDeepTiles;
        KeepsUniformClaims = keepsUniformClaims;
        Kernels = new KernelCache(accelerator, Gate, keepsUniformClaims);
    }

    public override string Description
        => $"{Label}, {Memory >> 20} MiB, {(ActivationType == StorageType.F16 ? "fp16" : "fp32")}, {TierName} "
            + "kernels";

    public override string Label => $"{id}, {Accelerator.Name.Trim()}";

    public override StorageType ActivationType { get; }

    public KernelTier Tier { get; }

    /// <summary>Whether <see cref="DeviceOptions.DeepTiles"/> were asked for and can be had.</summary>
    public bool DeepTiles { get; }

    /// <summary>Whether CUDA's text is ILGPU's own in what it claims of branches.</summary>
    public bool KeepsUniformClaims { get; }

    /// <summary>Whether its kernels are those of tensor cores and a group may have the shared memory.</summary>
    public bool CanHaveDeepTiles => Tier == KernelTier.TensorCore && SharedMemory >= DeepTileBytes;

    /// <summary>Of the kernels, in words.</summary>
    public string TierName => Tier switch
    {
        KernelTier.Processor => "processor",
        KernelTier.Portable => "portable",
        _ => DeepTiles ? "tensor-core (deep tiles)" : "tensor-core",
    };

    public override long? FreeMemory => Accelerator is CudaAccelerator cuda ? cuda.GetFreeMemory() : Memory - AllocatedBytes;

    public override bool SharesHostMemory => IlgpuDevices.SharesHostMemory(Accelerator);

    /// <remarks>On a processor's driver an unwanted step costs more than a round trip.</remarks>
    public override int StepsAhead => Tier == KernelTier.Processor ? 1 : 4;

    public override bool ResamplesFrames => Tier != KernelTier.Processor;

    public override bool DrawsTokens => Tier != KernelTier.Processor && HasDoubles;

    /// <summary>Bytes of device memory as the driver reported them when the device was opened.</summary>
    public long Memory { get; }

    /// <summary>Bytes of shared memory that a group may have: on CUDA more than
    /// <see cref="Accelerator.MaxSharedMemoryPerGroup"/> where it is asked for.</summary>
    internal int SharedMemory { get; }

    /// <summary>Whether CUDA runs it, where work that is recorded is a graph.</summary>
    public bool IsCuda => Accelerator.AcceleratorType == AcceleratorType.Cuda;

    /// <summary>Whether queues may <see cref="ComputeQueue.Profile"/>.</summary>
    public bool TimesLaunches => context.Properties.EnableProfiling;

    /// <summary>Whether kernels may compute in double: some OpenCL devices do not.</summary>
    internal bool HasDoubles => Accelerator is not CLAccelerator cl || cl.Capabilities.Float64;

    /// <summary>Told each piece of device memory before it is used: for tests of the kernels as a whole.</summary>
    internal static Action<MemoryBuffer>? Allocated { get; set; }

    internal Accelerator Accelerator { get; }
    internal KernelCache Kernels { get; }

    /// <summary>Held while work is given to the driver: an OpenCL kernel's arguments are set one by one before its launch.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Number of the last piece of work that any queue has given to the driver.</summary>
    internal long LastTicket
    {
        get
        {
            lock (Gate) return ticket;
        }
    }

    internal override ComputeQueue CreateQueue()
    {
        var queue = new IlgpuQueue(this);
        lock (queues) queues.Add(queue);
        return queue;
    }

    internal override DeviceBuffer Allocate(StorageType type, long elements)
        => new IlgpuBuffer(this, type, elements, AllocateMemory(Math.Max(1, elements), type.ElementBytes()));

    /// <summary>Bytes of device memory that <see cref="Allocate"/> takes.</summary>
    public static long BufferBytes(StorageType type, long elements) => Padded(Math.Max(1, elements) * type.ElementBytes());

    /// <summary>Throws if a buffer is still in use: for tests that count what a model leaves behind.</summary>
    public void AssertEmpty()
    {
        WaitForAll();
        if (AllocatedBytes != 0) throw new InvalidOperationException($"{id}: {AllocatedBytes} bytes of device memory were never disposed");
    }

    public override void Dispose()
    {
        WaitForAll();
        Accelerator.Dispose();
        context.Dispose();
        base.Dispose();
    }

    internal long NextTicket() => ++ticket;

    internal DeviceFailedException Failed(AcceleratorException e)
    {
        string failed = $"{id} ({Accelerator.Name.Trim()}) failed: {BuildLog.Reason(e)}";
        return new DeviceFailedException($"{failed}; restart the program, or take {Setting.Processor}",
            e)
        { Remedies = [Setting.Processor] };
    }

    /// <summary>Releases memory when all work given so far is done: at once if no queue has any.</summary>
    internal void Retire(MemoryBuffer memory)
    {
        lock (queues) retired.Enqueue((memory, LastTicket));
        ReleaseRetired();
    }

    internal void ReleaseRetired()
    {
        lock (queues)
        {
            while (retired.TryPeek(out (MemoryBuffer Memory, long Ticket) first) && queues.TrueForAll(queue => queue.Passed(first.Ticket)))
            {
                retired.Dequeue();
                CountAllocation(-first.Memory.LengthInBytes);
                first.Memory.Dispose();
            }
        }
    }

    internal void Forget(IlgpuQueue queue)
    {
        lock (queues) queues.Remove(queue);
        ReleaseRetired();
    }

    /// <summary>Waits for every queue: what was disposed is released then.</summary>
    internal void WaitForAll()
    {
        IlgpuQueue[] waited;
        lock (queues) waited = [.. queues];
        foreach (IlgpuQueue queue in waited) queue.Wait();
        ReleaseRetired();
    }

    private MemoryBuffer AllocateMemory(long elements, int elementBytes)
    {
        long bytes = Padded(elements * elementBytes);
        elements = bytes / elementBytes;
        if (elements > int.MaxValue) throw TooLarge(bytes, null);
        if (AllocatedBytes + bytes > Memory) WaitForAll();
        if (AllocatedBytes + bytes > Memory) throw TooLarge(bytes, null);
        MemoryBuffer memory;
        try
        {
            memory = Accelerator.AllocateRaw(elements, elementBytes);
        }
        catch (Exception e) when (e is AcceleratorException or OutOfMemoryException)
        {
            WaitForAll(); // what waits for its release may be the room that is missing
            try
            {
                memory = Accelerator.AllocateRaw(elements, elementBytes);
            }
            catch (Exception again) when (again is AcceleratorException or OutOfMemoryException)
            {
                throw TooLarge(bytes, again);
            }
        }
        CountAllocation(bytes);
        Allocated?.Invoke(memory);
        return memory;
    }

    private static long Padded(long bytes) => (bytes + Padding - 1) / Padding * Padding;

    private DeviceFailedException TooLarge(long bytes, Exception? inner)
    {
        string message =
            $"{id} ({Accelerator.Name.Trim()}): no memory for {bytes >> 20} MiB more ({AllocatedBytes >> 20} of {Memory >> 20} MiB in "
            + "use); use a smaller model or another device";
        return inner == null ? new DeviceFailedException(message) : new DeviceFailedException(message, inner);
    }
}
