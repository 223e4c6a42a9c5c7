using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Embedding;

internal static partial class EmbeddingGather
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one column of all rows: no two items meet in a word's row.</summary>
    [Kernel]
    internal static void BackwardKernel(Index1D item, MatrixView<Float32> dy, ArrayView<int> ids, int padding, MatrixView<Float32> dTable)
    {
        if (item >= dy.Columns) return;
        int column = item;
        for (int row = 0; row < dy.Rows; row++)
        {
            int id = ids[row];
            if (id != padding) dTable[id, column] += dy[row, column];
        }
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void BackwardGpu(IlgpuQueue queue, Matrix dy, IntVector ids, Matrix dTable, int padding)
        => queue.Launch(BackwardKernel, dy.Columns, dy.Gpu(), ids.Gpu(), padding, dTable.Gpu());
}
