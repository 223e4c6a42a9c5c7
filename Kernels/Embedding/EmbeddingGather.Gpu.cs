using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Embedding;

internal static partial class EmbeddingGather
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is eight columns of a row of y.</summary>
    [Kernel]
    internal static void Kernel<TWeights>(Index1D item, WeightView table, ArrayView<int> ids, MatrixView<Float32> y)
        where TWeights : unmanaged, IDeviceWeights
    {
        int eights = (y.Columns + 7) / 8;
        if (item >= y.Rows * eights) return;
        int row = item / eights, column = item % eights * 8, id = ids[row];
        TWeights stored = default;
        F8.Store(stored.Load(table, id, column, stored.Scale(table, id, column)), y, row, column);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Weight table, IntVector ids, Matrix y)
        => table.Format().Run(new Gather(queue, table, ids, y));

    private readonly record struct Gather(IlgpuQueue Queue, Weight Table, IntVector Ids, Matrix Y) : IWeightLaunch
    {
        public void Run<TWeights>() where TWeights : unmanaged, IDeviceWeights
            => Queue.Launch(Kernel<TWeights>, (long)Y.Rows * ((Y.Columns + 7) / 8), Table.Gpu(), Ids.Gpu(), Y.Gpu());
    }
}
