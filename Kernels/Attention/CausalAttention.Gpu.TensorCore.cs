using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class CausalAttention
{
    /// <summary>A group is 64 rows (Grid.IdxX) of one query head (IdxY).</summary>
    internal static void TensorKernel<TShape>(EightsView q, EightsView keys, EightsView values, ArrayView<int> positions, EightsView y) where TShape : unmanaged, IHeadShape
    {
        int size = default(TShape).Chunks * 8, head = Grid.IdxY, shared = head / (y.Columns / keys.Columns) * size;
        TensorAttention.Tile<CausalMap, TShape>(new CausalMap(positions, y.Rows), q, head * size, keys, shared, values, shared, y, head * size);
    }
}
