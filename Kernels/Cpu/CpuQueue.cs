using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>Work is done at once, on the caller's thread and the device's workers; so it is in order, and Read need not wait.</summary>
internal sealed unsafe class CpuQueue(CpuDevice device) : ComputeQueue(device)
{
    public WorkerThreads Workers { get; } = device.Workers;

    /// <summary>Scratch of the operations themselves (packed panels, gathered patches).</summary>
    public Arena Scratch { get; } = new(device);

    /// <summary>The queue of an operation that only the processor has.</summary>
    /// <exception cref="DeviceFailedException">It is another device's.</exception>
    public static CpuQueue Of(ComputeQueue queue) => queue as CpuQueue
        ?? throw new DeviceFailedException($"{queue.Device.Label}: there are no kernels for training; train on the processor");

    public override void Dispose()
    {
        Scratch.Dispose();
        base.Dispose();
    }

    public override void Write(ReadOnlySpan<float> source, Matrix target)
    {
        if (target.Type == StorageType.F16)
        {
            for (int i = 0; i < target.Rows * target.Columns; i++)
                target.CpuHalves(i / target.Columns)[i % target.Columns] = (Half)source[i];
            return;
        }
        for (int row = 0; row < target.Rows; row++)
            source.Slice(row * target.Columns, target.Columns)
                .CopyTo(new Span<float>(target.Cpu() + (long)row * target.Stride, target.Columns));
    }

    public override void Write(ReadOnlySpan<int> source, IntVector target) => source.CopyTo(new Span<int>(target.Cpu(), target.Length));

    public override void Write(ReadOnlySpan<byte> source, DeviceBuffer target)
        => source.CopyTo(new Span<byte>((void*)((CpuBuffer)target).Address, checked((int)target.Type.Bytes(target.Elements))));

    public override void Read(Matrix source, Span<float> target)
    {
        if (source.Type == StorageType.F16)
        {
            for (int i = 0; i < source.Rows * source.Columns; i++)
                target[i] = (float)source.CpuHalves(i / source.Columns)[i % source.Columns];
            return;
        }
        for (int row = 0; row < source.Rows; row++)
            new ReadOnlySpan<float>(source.Cpu() + (long)row * source.Stride, source.Columns).CopyTo(target.Slice(row * source.Columns));
    }

    public override void Read(IntVector source, Span<int> target) => new ReadOnlySpan<int>(source.Cpu(), source.Length).CopyTo(target);

    private protected override void CopyDense(Matrix source, Matrix target)
    {
        long bytes = (long)source.Rows * source.Columns * sizeof(float);
        Buffer.MemoryCopy(source.Cpu(), target.Cpu(), bytes, bytes);
    }

    public override void Wait()
    {
    }
}
