using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class FullAttention
{
    /// <summary>A group is 64 queries (Grid.IdxX), which may belong to several sequences, of one head (IdxY).</summary>
    internal static void TensorKernel<TShape>(EightsView qkv, SequenceLayout layout, EightsView y) where TShape : unmanaged, IHeadShape
    {
        int column = Grid.IdxY * default(TShape).Chunks * 8;
        TensorAttention.Tile<SequenceMap, TShape>(new SequenceMap(layout), qkv, column, qkv, y.Columns + column, qkv, 2 * y.Columns + column, y, column);
    }
}
