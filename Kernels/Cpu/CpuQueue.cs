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

    public override void Dispose()
    {
        Scratch.Dispose();
        base.Dispose();
    }

    public override void Write(ReadOnlySpan<float> source, Matrix target)
    {
        if (target.Type == StorageType.F16)
        {
            for (int i = 0; i < target.Rows * target.Columns; i++) target.CpuHalves(i / target.Columns)[i % target.Columns] = (Half)source[i];
            return;
        }
        for (int row = 0; row < target.Rows; row++)
            source.Slice(row * target.Columns, target.Columns).CopyTo(new Span<float>(target.Cpu() + (long)row * target.Stride, target.Columns));
    }

    public override void Write(ReadOnlySpan<int> source, IntVector target) => source.CopyTo(new Span<int>(target.Cpu(), target.Length));

    public override void Write(ReadOnlySpan<byte> source, DeviceBuffer target)
        => source.CopyTo(new Span<byte>((void*)((CpuBuffer)target).Address, checked((int)target.Type.Bytes(target.Elements))));

    public override void Read(Matrix source, Span<float> target)
    {
        if (source.Type == StorageType.F16)
        {
            for (int i = 0; i < source.Rows * source.Columns; i++) target[i] = (float)source.CpuHalves(i / source.Columns)[i % source.Columns];
            return;
        }
        for (int row = 0; row < source.Rows; row++)
            new ReadOnlySpan<float>(source.Cpu() + (long)row * source.Stride, source.Columns).CopyTo(target.Slice(row * source.Columns));
    }

    public override void Read(IntVector source, Span<int> target) => new ReadOnlySpan<int>(source.Cpu(), source.Length).CopyTo(target);

    public override void Wait()
    {
    }
}

internal static unsafe class CpuPointers
{
    /// <summary>Address of element (0, 0).</summary>
    public static float* Cpu(this Matrix matrix) => (float*)((CpuBuffer)matrix.Buffer).Address + matrix.Offset;

    /// <summary>Null where nothing is to be kept.</summary>
    public static float* CpuOrNull(this Matrix? matrix) => matrix is { } kept ? kept.Cpu() : null;

    /// <summary>A row of a matrix of binary16, which the processor converts but does not compute with.</summary>
    public static Half* CpuHalves(this Matrix matrix, int row) => (Half*)((CpuBuffer)matrix.Buffer).Address + matrix.Offset + (long)row * matrix.Stride;

    /// <summary>A row of a matrix of bytes.</summary>
    public static sbyte* CpuLevels(this Matrix matrix, int row) => (sbyte*)((CpuBuffer)matrix.Buffer).Address + matrix.Offset + (long)row * matrix.Stride;

    public static int* Cpu(this IntVector vector) => (int*)((CpuBuffer)vector.Buffer).Address + vector.Offset;

    public static void* Cpu(this Weight weight) => (void*)((CpuBuffer)weight.Buffer).Address;
}
