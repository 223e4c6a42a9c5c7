using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Embedding;

public static partial class EmbeddingGather
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is eight columns of a row of y.</summary>
    internal static void Kernel<TWeights>(Index1D item, WeightView table, ArrayView<int> ids, MatrixView<Float32> y) where TWeights : unmanaged, IDeviceWeights
    {
        int eights = (y.Columns + 7) / 8;
        if (item >= y.Rows * eights) return;
        int row = item / eights, column = item % eights * 8, id = ids[row];
        TWeights stored = default;
        F8.Store(stored.Load(table, id, column, stored.Scale(table, id, column)), y, row, column);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Weight table, IntVector ids, Matrix y)
        => queue.Launch(((IlgpuWeightBuffer)table.Buffer).Kernels.EmbeddingGather, IlgpuQueue.Items((long)y.Rows * ((y.Columns + 7) / 8)), table.Gpu(), ids.Gpu(), y.Gpu());
}
