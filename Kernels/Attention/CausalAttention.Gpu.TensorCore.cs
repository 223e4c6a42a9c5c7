using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

public static partial class CausalAttention
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>A group is 64 rows (Grid.IdxX) of one query head (IdxY).</summary>
    [Kernel(Group = TensorAttention.Items)]
    internal static void TensorKernel<TShape>(EightsView<Float16> q, EightsView<Float16> keys, EightsView<Float16> values,
        ArrayView<int> positions, EightsView<Float16> y) where TShape : unmanaged, IHeadShape
    {
        int size = default(TShape).Chunks * 8, head = Grid.IdxY, shared = head / (y.Columns / keys.Columns) * size;
        TensorAttention.Tile<CausalMap, TShape>(new CausalMap(positions, y.Rows), q, head * size, keys, shared, values, shared, y,
            head * size);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    // A tile is 64 rows: for fewer than a strip of them most of it would be nothing.
    private const int FewestRows = 16;

    /// <summary>False where the tensor-core tier has no kernel for it: few rows, other head sizes, rows not at
    /// multiples of 16 bytes.</summary>
    private static bool TensorCore(IlgpuQueue queue, Matrix q, Matrix keys, Matrix values, IntVector positions, int headSize, Matrix y)
    {
        if (q.Rows < FewestRows || !TensorAttention.Fits(queue, headSize, q, keys, values, y)) return false;
        if (headSize == 64) TensorCore<Head64>(queue, q, keys, values, positions, headSize, y);
        else TensorCore<Head128>(queue, q, keys, values, positions, headSize, y);
        return true;
    }

    private static void TensorCore<TShape>(IlgpuQueue queue, Matrix q, Matrix keys, Matrix values, IntVector positions, int headSize,
        Matrix y)
        where TShape : unmanaged, IHeadShape
        => queue.LaunchGroups(TensorKernel<TShape>, TensorAttention.Groups(y.Rows, y.Columns / headSize),
            q.Eights<Float16>(), keys.Eights<Float16>(), values.Eights<Float16>(), positions.Gpu(), y.Eights<Float16>());
}
