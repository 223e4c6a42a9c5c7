using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>Memory of an accelerator. Disposed while work on it is in flight, it is released once that work is done.</summary>
internal class IlgpuBuffer(IlgpuDevice device, StorageType type, long elements, MemoryBuffer memory) : DeviceBuffer(device, type, elements)
{
    private MemoryBuffer? memory = memory;

    public MemoryBuffer Memory => memory ?? throw new ObjectDisposedException(nameof(IlgpuBuffer));

    public override void Dispose()
    {
        MemoryBuffer? released = Interlocked.Exchange(ref memory, null);
        if (released != null) ((IlgpuDevice)Device).Retire(released);
    }
}

internal static class IlgpuViews
{
    /// <summary>The matrix for a kernel; an absent operand is a matrix of no rows.</summary>
    public static MatrixView Gpu(this Matrix matrix)
    {
        long length = matrix.Rows == 0 ? 1 : (long)(matrix.Rows - 1) * matrix.Stride + matrix.Columns;
        return new MatrixView(View<float>(matrix.Buffer, matrix.Offset, Math.Max(1, length)), matrix.Rows, matrix.Columns, matrix.Stride);
    }

    /// <summary>See <see cref="QuadView"/> for what the matrix must be.</summary>
    public static QuadView Quads(this Matrix matrix)
    {
        long length = matrix.Rows == 0 ? 4 : (long)(matrix.Rows - 1) * matrix.Stride + matrix.Columns;
        return new QuadView(View<float>(matrix.Buffer, matrix.Offset, length).Cast<F4>(), matrix.Rows, matrix.Columns, matrix.Stride / 4);
    }

    public static WeightView Gpu(this Weight weight) => ((IlgpuWeightBuffer)weight.Buffer).View();

    public static ArrayView<int> Gpu(this IntVector vector) => View<int>(vector.Buffer, vector.Offset, Math.Max(1, vector.Length));

    public static ArrayView<T> View<T>(DeviceBuffer buffer, long offset, long length) where T : unmanaged
        => ((IlgpuBuffer)buffer).Memory.AsArrayView<T>(offset, length);
}
