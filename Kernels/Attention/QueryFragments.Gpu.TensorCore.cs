using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>A warp's 16 queries in registers, 16 columns a field: left factors of Q · Kᵀ.</summary>
internal struct QueryFragments
{
    private U4 q0, q1, q2, q3, q4, q5, q6, q7;

    public static QueryFragments Load<TShape>(TShape shape, ArrayView<U4> tile, int firstRow, int lane) where TShape : unmanaged, IHeadShape
    {
        int row = firstRow + (lane & 15), chunk = lane >> 4;
        var all = new QueryFragments
        {
            q0 = PtxIntrinsics.LoadMatrices(ref tile[TensorAttention.Place(row, chunk, shape.Chunks)]),
            q1 = PtxIntrinsics.LoadMatrices(ref tile[TensorAttention.Place(row, chunk + 2, shape.Chunks)]),
            q2 = PtxIntrinsics.LoadMatrices(ref tile[TensorAttention.Place(row, chunk + 4, shape.Chunks)]),
            q3 = PtxIntrinsics.LoadMatrices(ref tile[TensorAttention.Place(row, chunk + 6, shape.Chunks)]),
        };
        if (shape.Chunks > 8)
        {
            all.q4 = PtxIntrinsics.LoadMatrices(ref tile[TensorAttention.Place(row, chunk + 8, shape.Chunks)]);
            all.q5 = PtxIntrinsics.LoadMatrices(ref tile[TensorAttention.Place(row, chunk + 10, shape.Chunks)]);
            all.q6 = PtxIntrinsics.LoadMatrices(ref tile[TensorAttention.Place(row, chunk + 12, shape.Chunks)]);
            all.q7 = PtxIntrinsics.LoadMatrices(ref tile[TensorAttention.Place(row, chunk + 14, shape.Chunks)]);
        }
        return all;
    }

    /// <summary>16 queries times 32 keys.</summary>
    public readonly StripSums Scores<TShape>(TShape shape, ArrayView<U4> keys, int stage, int lane) where TShape : unmanaged, IHeadShape
    {
        StripSums scores = default;
        scores = Add(scores, q0, shape, keys, stage, lane, 0);
        scores = Add(scores, q1, shape, keys, stage, lane, 2);
        scores = Add(scores, q2, shape, keys, stage, lane, 4);
        scores = Add(scores, q3, shape, keys, stage, lane, 6);
        if (shape.Chunks > 8)
        {
            scores = Add(scores, q4, shape, keys, stage, lane, 8);
            scores = Add(scores, q5, shape, keys, stage, lane, 10);
            scores = Add(scores, q6, shape, keys, stage, lane, 12);
            scores = Add(scores, q7, shape, keys, stage, lane, 14);
        }
        return scores;
    }

    private static StripSums Add<TShape>(StripSums scores, U4 q, TShape shape, ArrayView<U4> keys, int stage, int lane, int chunk)
        where TShape : unmanaged, IHeadShape
    {
        int at = stage + TensorAttention.Place((lane & 7) + (lane >> 4 << 3), chunk + (lane >> 3 & 1), shape.Chunks);
        return StripSums.Add(scores, q, PtxIntrinsics.LoadMatrices(ref keys[at]),
            PtxIntrinsics.LoadMatrices(ref keys[at + 16 * shape.Chunks]));
    }
}
