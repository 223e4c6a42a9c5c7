using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

public static partial class FullAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>A group is 64 queries (Grid.IdxX), which may belong to several sequences, of one head (IdxY).</summary>
    [Kernel(Group = TensorAttention.Items)]
    internal static void TensorKernel<TShape>(EightsView<Float16> qkv, SequenceLayout layout, EightsView<Float16> y)
        where TShape : unmanaged, IHeadShape
    {
        int column = Grid.IdxY * default(TShape).Chunks * 8;
        TensorAttention.Tile<SequenceMap, TShape>(new SequenceMap(layout), qkv, column, qkv, y.Columns + column, qkv,
            2 * y.Columns + column, y, column);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    /// <summary>False where the tensor-core tier has no kernel for it: other head sizes, rows not at multiples of 16 bytes.</summary>
    private static bool TensorCore(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y)
    {
        int headSize = y.Columns / heads;
        if (!TensorAttention.Fits(queue, headSize, qkv, y)) return false;
        if (headSize == 64) TensorCore<Head64>(queue, qkv, layout, heads, y);
        else TensorCore<Head128>(queue, qkv, layout, heads, y);
        return true;
    }

    private static void TensorCore<TShape>(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y)
        where TShape : unmanaged, IHeadShape
        => queue.LaunchGroups(TensorKernel<TShape>, TensorAttention.Groups(y.Rows, heads), qkv.Eights<Float16>(), layout,
            y.Eights<Float16>());
}
