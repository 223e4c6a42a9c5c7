using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class CausalAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row of one query head.</summary>
    internal static void Kernel<T>(Index1D item, MatrixView<T> q, MatrixView<T> keys, MatrixView<T> values, ArrayView<int> positions, int headSize, MatrixView sums,
        MatrixView<T> y)
        where T : unmanaged, IElement<T>
    {
        int heads = y.Columns / headSize;
        if (item >= y.Rows * heads) return;
        int row = item / heads, head = item % heads, group = y.Columns / keys.Columns, shared = head / group * headSize;
        DeviceSoftmaxAttention.Row(q, head * headSize, keys, shared, values, shared, 0, 1, positions[row] + 1, headSize, sums, y, row, head * headSize);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix q, Matrix keys, Matrix values, IntVector positions, int headSize, Matrix y)
    {
        if (TensorCore(queue, q, keys, values, positions, headSize, y)) return;
        if (q.Type == StorageType.F16) Gpu<Float16>(queue, q, keys, values, positions, headSize, y);
        else Gpu<Float32>(queue, q, keys, values, positions, headSize, y);
    }

    private static void Gpu<T>(IlgpuQueue queue, Matrix q, Matrix keys, Matrix values, IntVector positions, int headSize, Matrix y) where T : unmanaged, IElement<T>
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        queue.Launch(queue.Kernels.Of<T>().CausalAttention, IlgpuQueue.Items((long)y.Rows * (y.Columns / headSize)),
            q.Gpu<T>(), keys.Gpu<T>(), values.Gpu<T>(), positions.Gpu(), headSize, DeviceSoftmaxAttention.Sums(queue, y).Gpu(), y.Gpu<T>());
    }
}
