using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Views of device memory for kernels.</summary>
internal static class IlgpuViews
{
    /// <summary>A float32 matrix for a kernel; an absent operand is a matrix of no rows.</summary>
    public static MatrixView<Float32> Gpu(this Matrix matrix) => matrix.Gpu<Float32>();

    /// <param name="any">Memory for a view of an absent operand.</param>
    public static MatrixView<Float32> GpuOrNone(this Matrix? matrix, DeviceBuffer any)
        => matrix?.Gpu() ?? new MatrixView<Float32>(Unused(any), 0, 0, 0);

    /// <exception cref="ArgumentException">The matrix holds another type.</exception>
    public static MatrixView<T> Gpu<T>(this Matrix matrix) where T : unmanaged, IStoredElement<T>
        => new(View<T>(matrix, Math.Max(1, Length(matrix))), matrix.Rows, matrix.Columns, matrix.Stride);

    /// <summary>See <see cref="EightsView{T}"/> for what the matrix must be.</summary>
    public static EightsView<T> Eights<T>(this Matrix matrix) where T : unmanaged, IStoredElement<T>
        => new(View<T>(matrix, Math.Max(typeof(T) == typeof(Int8) ? 16 : 8, Length(matrix))).Cast<U4>(), matrix.Rows, matrix.Columns,
            matrix.Stride / 8);

    /// <summary>A matrix of either type to store to.</summary>
    public static ResultView Result(this Matrix matrix)
    {
        long length = Math.Max(1, Length(matrix));
        // The view of the other type is never used; it must only be a view.
        if (matrix.Type != StorageType.F16)
        {
            ArrayView<Float32> floats = View<Float32>(matrix, length);
            return new ResultView(floats, floats.Cast<Float16>(), 0, matrix.Rows, matrix.Columns, matrix.Stride);
        }
        return new ResultView(Unused(matrix.Buffer), View<Float16>(matrix, length), 1, matrix.Rows, matrix.Columns, matrix.Stride);
    }

    public static DeviceFormat Format(this Weight weight) => ((IlgpuWeightBuffer)weight.Buffer).Format;

    public static WeightView Gpu(this Weight weight) => ((IlgpuWeightBuffer)weight.Buffer).View();

    public static ArrayView<int> Gpu(this IntVector vector) => View<int>(vector.Buffer, vector.Offset, Math.Max(1, vector.Length));

    /// <summary>A view of float32 that no kernel reads. ILGPU makes it of other elements by a cast only.</summary>
    private static ArrayView<Float32> Unused(DeviceBuffer any)
        => ((IlgpuBuffer)any).Memory.ElementSize == sizeof(ushort) ? View<Float16>(any, 0, 2).Cast<Float32>() : View<Float32>(any, 0, 1);

    private static long Length(Matrix matrix) => matrix.Rows == 0 ? 0 : (long)(matrix.Rows - 1) * matrix.Stride + matrix.Columns;

    private static ArrayView<T> View<T>(Matrix matrix, long length) where T : unmanaged
    {
        StorageType type = typeof(T) == typeof(Float16) ? StorageType.F16 : typeof(T) == typeof(Int8) ? StorageType.I8 : StorageType.F32;
        if (matrix.Type != type) throw new ArgumentException($"a matrix of {type} is wanted, not of {matrix.Type}");
        return View<T>(matrix.Buffer, matrix.Offset, length);
    }

    public static ArrayView<T> View<T>(DeviceBuffer buffer, long offset, long length) where T : unmanaged
        => ((IlgpuBuffer)buffer).Memory.AsArrayView<T>(offset, length);
}
