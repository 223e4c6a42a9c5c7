using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

internal static partial class FullAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>A group is 64 queries (Grid.IdxX), which may belong to several sequences, of one head (IdxY).</summary>
    [Kernel(Group = TensorAttention.Items)]
    internal static void TensorKernel<TShape>(EightsView<Float16> qkv, SequenceLayout layout, EightsView<Float16> y)
        where TShape : unmanaged, IHeadShape
        => TensorTile<TShape, NoLogSums>(qkv, layout, y, default);

    /// <summary>The same, with the log-sums.</summary>
    [Kernel(Group = TensorAttention.Items)]
    internal static void KeepingTensorKernel<TShape>(EightsView<Float16> qkv, SequenceLayout layout, EightsView<Float16> y,
        MatrixView<Float32> logSums) where TShape : unmanaged, IHeadShape
        => TensorTile<TShape, KeptLogSums>(qkv, layout, y, new KeptLogSums(logSums, Grid.IdxY));

    private static void TensorTile<TShape, TLogSums>(EightsView<Float16> qkv, SequenceLayout layout, EightsView<Float16> y,
        TLogSums logSums) where TShape : unmanaged, IHeadShape where TLogSums : struct, ILogSums
    {
        int column = Grid.IdxY * default(TShape).Chunks * 8;
        TensorAttention.Tile<SequenceMap, TShape, TLogSums>(new SequenceMap(layout), qkv, column, qkv, y.Columns + column, qkv,
            2 * y.Columns + column, y, column, logSums);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    /// <summary>False where the tensor-core tier has no kernel for it: other head sizes, rows not at multiples of 16 bytes.</summary>
    private static bool TensorCore(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y, Matrix? logSums)
    {
        int headSize = y.Columns / heads;
        if (!TensorAttention.Fits(queue, headSize, qkv, y)) return false;
        if (headSize == 64) TensorCore<Head64>(queue, qkv, layout, heads, y, logSums);
        else TensorCore<Head128>(queue, qkv, layout, heads, y, logSums);
        return true;
    }

    private static void TensorCore<TShape>(IlgpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y, Matrix? logSums)
        where TShape : unmanaged, IHeadShape
    {
        Index3D groups = TensorAttention.Groups(y.Rows, heads);
        if (logSums is { } kept)
            queue.LaunchGroups(KeepingTensorKernel<TShape>, groups, qkv.Eights<Float16>(), layout, y.Eights<Float16>(), kept.Gpu());
        else queue.LaunchGroups(TensorKernel<TShape>, groups, qkv.Eights<Float16>(), layout, y.Eights<Float16>());
    }
}
