using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

internal static partial class CausalAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>A group is 64 rows (Grid.IdxX) of one query head (IdxY).</summary>
    [Kernel(Group = TensorAttention.Items)]
    internal static void TensorKernel<TShape>(EightsView<Float16> q, EightsView<Float16> keys, EightsView<Float16> values,
        ArrayView<int> positions, EightsView<Float16> y) where TShape : unmanaged, IHeadShape
        => TensorTile<TShape, NoLogSums>(q, keys, values, positions, y, default);

    /// <summary>The same, with the log-sums.</summary>
    [Kernel(Group = TensorAttention.Items)]
    internal static void KeepingTensorKernel<TShape>(EightsView<Float16> q, EightsView<Float16> keys, EightsView<Float16> values,
        ArrayView<int> positions, EightsView<Float16> y, MatrixView<Float32> logSums) where TShape : unmanaged, IHeadShape
        => TensorTile<TShape, KeptLogSums>(q, keys, values, positions, y, new KeptLogSums(logSums, Grid.IdxY));

    private static void TensorTile<TShape, TLogSums>(EightsView<Float16> q, EightsView<Float16> keys, EightsView<Float16> values,
        ArrayView<int> positions, EightsView<Float16> y, TLogSums logSums)
        where TShape : unmanaged, IHeadShape where TLogSums : struct, ILogSums
    {
        int size = default(TShape).Chunks * 8, head = Grid.IdxY, shared = head / (y.Columns / keys.Columns) * size;
        TensorAttention.Tile<CausalMap, TShape, TLogSums>(new CausalMap(positions, y.Rows), q, head * size, keys, shared, values, shared, y,
            head * size, logSums);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    // A tile is 64 rows; with fewer rows than a strip has, most of it would be empty.
    private const int FewestRows = 16;

    /// <summary>False where the tensor-core tier has no kernel for it: few rows, other head sizes, rows not at
    /// multiples of 16 bytes.</summary>
    private static bool TensorCore(IlgpuQueue queue, QueryRows queries, Matrix keys, Matrix values)
    {
        if (queries.Rows < FewestRows || !TensorAttention.Fits(queue, queries.HeadSize, queries.Q, keys, values, queries.Y)) return false;
        if (queries.HeadSize == 64) TensorCore<Head64>(queue, queries, keys, values);
        else TensorCore<Head128>(queue, queries, keys, values);
        return true;
    }

    private static void TensorCore<TShape>(IlgpuQueue queue, QueryRows queries, Matrix keys, Matrix values)
        where TShape : unmanaged, IHeadShape
    {
        Index3D groups = TensorAttention.Groups(queries.Rows, queries.Heads);
        EightsView<Float16> q = queries.Q.Eights<Float16>(), k = keys.Eights<Float16>(), v = values.Eights<Float16>();
        if (queries.LogSums is { } kept)
            queue.LaunchGroups(KeepingTensorKernel<TShape>, groups, q, k, v, queries.Positions.Gpu(), queries.Y.Eights<Float16>(),
                kept.Gpu());
        else queue.LaunchGroups(TensorKernel<TShape>, groups, q, k, v, queries.Positions.Gpu(), queries.Y.Eights<Float16>());
    }
}
