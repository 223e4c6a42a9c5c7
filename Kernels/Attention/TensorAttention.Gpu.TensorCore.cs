using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Soft-max attention on tensor cores: 64 queries of one head against their keys, 32 at a time.</summary>
/// <remarks>
/// y[i] = Σ_j a[j] v[j],   a = softmax_j(q[i] · k[j] / √d), j over the keys of query i (<see cref="IAttentionMap"/>)
/// q, k, v, y binary16, d = 64 or 128; scores, soft-max and sums float32; the weights a are rounded to binary16 before they meet v.
/// As FlashAttention-2 (Dao, arXiv:2307.08691): a warp makes 16 queries, sums and running maximum stay in its registers, the scores become
/// the second product's factor where they are. While a block of keys is used, the next is on its way.
/// </remarks>
internal static class TensorAttention
{
    public const int Queries = 64, Items = 128;

    private const int Keys = 32, Rows = 16;

    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <param name="qColumn">The head's first column, here and below a multiple of 8.</param>
    public static void Tile<TMap, TShape, TLogSums>(TMap map, EightsView<Float16> q, int qColumn, EightsView<Float16> keys, int keyColumn,
        EightsView<Float16> values, int valueColumn, EightsView<Float16> y, int yColumn, TLogSums logSums)
        where TMap : struct, IAttentionMap where TShape : unmanaged, IHeadShape where TLogSums : struct, ILogSums
    {
        TShape shape = default;
        int chunks = shape.Chunks, lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        // the last queries of a causal row have most to do: they begin
        int first = (Grid.DimX - 1 - Grid.IdxX) * Queries, warpFirst = first + warp * Rows;
        ArrayView<U4> tileQ = SharedMemory.Allocate<U4>(Queries * shape.Chunks);
        ArrayView<U4> tileK = SharedMemory.Allocate<U4>(2 * Keys * shape.Chunks);
        ArrayView<U4> tileV = SharedMemory.Allocate<U4>(2 * Keys * shape.Chunks);
        KeyRange upper = Range(map, warpFirst + (lane >> 2)), lower = Range(map, warpFirst + (lane >> 2) + 8);
        KeyRange warpRange = KeyRange.OfWarp(KeyRange.Union(upper, lower));
        KeyRange group = KeyRange.OfWarp(KeyRange.Union(Range(map, first + lane), Range(map, first + 32 + lane)));

        for (int i = Group.IdxX; i < Queries * chunks; i += Items)
        {
            int query = first + i / chunks, row = map.QueryRow(XMath.Min(query, map.Queries - 1));
            PtxIntrinsics.CopyOrZero(ref tileQ[Place(i / chunks, i % chunks, chunks)],
                ref q.Data[row * q.Stride + qColumn / 8 + i % chunks], query < map.Queries ? 16 : 0);
        }
        CopyKeys(map, shape, tileK, tileV, 0, keys, keyColumn, values, valueColumn, group.First, group.End);
        PtxIntrinsics.CommitCopies();
        PtxIntrinsics.WaitForAllCopies();
        Group.Barrier();

        QueryFragments fragments = QueryFragments.Load(shape, tileQ, warp * Rows, lane);
        float scale = 1f / XMath.Sqrt((float)(chunks * 8));
        RowState state = RowState.Empty;
        WarpSums sums = default;
        int stage = 0;
        for (int key = group.First; key < group.End; key += Keys)
        {
            CopyKeys(map, shape, tileK, tileV, Keys * chunks - stage, keys, keyColumn, values, valueColumn, key + Keys, group.End);
            PtxIntrinsics.CommitCopies();
            if (key < warpRange.End && key + Keys > warpRange.First) // for all lanes of the warp alike
            {
                StripSums scores = fragments.Scores(shape, tileK, stage, lane);
                scores = RowState.Mask(scores, key + 2 * (lane & 3), upper, lower, scale);
                RowState next = RowState.Next(state, scores);
                scores = RowState.Weights(scores, next);
                float shrinkUpper = RowState.Shrink(state.MaximumUpper, next.MaximumUpper);
                float shrinkLower = RowState.Shrink(state.MaximumLower, next.MaximumLower);
                state = RowState.Sum(next, scores, shrinkUpper, shrinkLower);
                sums = AddValues(shape, sums, scores, shrinkUpper, shrinkLower, tileV, stage, lane);
            }
            stage = Keys * chunks - stage;
            PtxIntrinsics.WaitForAllCopies();
            Group.Barrier(); // the next block is there for all, and all have used this one
        }
        float sumUpper = RowState.OfRow(state.SumUpper), sumLower = RowState.OfRow(state.SumLower);
        if (logSums.AreKept && (lane & 3) == 0) // one of the four lanes of a row
        {
            Keep(map, logSums, warpFirst + (lane >> 2), state.MaximumUpper, sumUpper);
            Keep(map, logSums, warpFirst + (lane >> 2) + 8, state.MaximumLower, sumLower);
        }
        Store(shape, sums, 1f / sumUpper, 1f / sumLower, tileQ, warp * Rows, lane);
        Warp.Barrier();
        for (int i = lane; i < Rows * chunks; i += 32)
        {
            int query = warpFirst + i / chunks;
            if (query < map.Queries)
                y.Data[map.QueryRow(query) * y.Stride + yColumn / 8 + i % chunks] =
                    tileQ[Place(warp * Rows + i / chunks, i % chunks, chunks)];
        }
    }

    private static void Keep<TMap, TLogSums>(TMap map, TLogSums logSums, int query, float maximum, float sum)
        where TMap : struct, IAttentionMap where TLogSums : struct, ILogSums
    {
        if (query < map.Queries) logSums.Keep(map.QueryRow(query), maximum, sum);
    }

    /// <summary>Where a chunk (8 columns) of a tile's row lies: turned by the row, so that 8 rows never meet in a bank.</summary>
    public static int Place(int row, int chunk, int chunks) => row * chunks + (chunk ^ row & 7);

    private static KeyRange Range<TMap>(TMap map, int query) where TMap : struct, IAttentionMap
        => map.Keys(XMath.Min(query, map.Queries - 1));

    /// <summary>Begins to copy a block of keys and values. The last one is repeated beyond the end: masked, but a
    /// number, which memory that was never written may not be.</summary>
    private static void CopyKeys<TMap, TShape>(TMap map, TShape shape, ArrayView<U4> tileK, ArrayView<U4> tileV, int stage,
        EightsView<Float16> keys, int keyColumn, EightsView<Float16> values, int valueColumn, int first, int end)
        where TMap : struct, IAttentionMap where TShape : unmanaged, IHeadShape
    {
        int chunks = shape.Chunks, own = map.KeyRow(XMath.Min(first + (Group.IdxX & 31), end - 1)); // a lane finds a row, all ask it
        for (int i = Group.IdxX; i < Keys * chunks; i += Items)
        {
            int key = i / chunks, chunk = i % chunks, row = Warp.Shuffle(own, key), place = stage + Place(key, chunk, chunks);
            PtxIntrinsics.Copy(ref tileK[place], ref keys.Data[row * keys.Stride + keyColumn / 8 + chunk]);
            PtxIntrinsics.Copy(ref tileV[place], ref values.Data[row * values.Stride + valueColumn / 8 + chunk]);
        }
    }

    /// <summary>sums · shrink + weights · V: the weights' fragments of 8 columns are halves of a left factor as they stand.</summary>
    private static WarpSums AddValues<TShape>(TShape shape, WarpSums sums, StripSums weights, float shrinkUpper, float shrinkLower,
        ArrayView<U4> tileV, int stage, int lane)
        where TShape : unmanaged, IHeadShape
    {
        U4 a = Pack(weights.C0, weights.C1), b = Pack(weights.C2, weights.C3);
        sums.S0 = AddStrip(shape, StripSums.Scale(sums.S0, shrinkUpper, shrinkLower), a, b, tileV, stage, lane, 0);
        sums.S1 = AddStrip(shape, StripSums.Scale(sums.S1, shrinkUpper, shrinkLower), a, b, tileV, stage, lane, 4);
        if (shape.Chunks > 8)
        {
            sums.S2 = AddStrip(shape, StripSums.Scale(sums.S2, shrinkUpper, shrinkLower), a, b, tileV, stage, lane, 8);
            sums.S3 = AddStrip(shape, StripSums.Scale(sums.S3, shrinkUpper, shrinkLower), a, b, tileV, stage, lane, 12);
        }
        return sums;
    }

    /// <summary>32 columns of V from a chunk on: its rows are the product's inner index, so ldmatrix turns them over.</summary>
    private static StripSums AddStrip<TShape>(TShape shape, StripSums sums, U4 a, U4 b, ArrayView<U4> tileV, int stage, int lane,
        int chunk) where TShape : unmanaged, IHeadShape
    {
        int row = lane & 15, at = chunk + (lane >> 4), chunks = shape.Chunks;
        int left = stage + Place(row, at, chunks), right = stage + Place(row, at + 2, chunks);
        sums = StripSums.Add(sums, a, PtxIntrinsics.LoadTransposed(ref tileV[left]), PtxIntrinsics.LoadTransposed(ref tileV[right]));
        return StripSums.Add(sums, b, PtxIntrinsics.LoadTransposed(ref tileV[left + 16 * chunks]),
            PtxIntrinsics.LoadTransposed(ref tileV[right + 16 * chunks]));
    }

    private static U4 Pack(F4 left, F4 right) => new()
    {
        X = PtxIntrinsics.Halves(left.X, left.Y),
        Y = PtxIntrinsics.Halves(left.Z, left.W),
        Z = PtxIntrinsics.Halves(right.X, right.Y),
        W = PtxIntrinsics.Halves(right.Z, right.W),
    };

    /// <summary>The warp's rows, divided by their sums, to its own rows of the queries' tile, which it has read long ago.</summary>
    private static void Store<TShape>(TShape shape, WarpSums sums, float upper, float lower, ArrayView<U4> tile, int firstRow, int lane)
        where TShape : unmanaged, IHeadShape
    {
        ArrayView<uint> words = tile.Cast<uint>();
        int row = firstRow + (lane >> 2), word = lane & 3;
        StoreStrip(words, StripSums.Scale(sums.S0, upper, lower), row, 0, word, shape.Chunks);
        StoreStrip(words, StripSums.Scale(sums.S1, upper, lower), row, 4, word, shape.Chunks);
        if (shape.Chunks > 8)
        {
            StoreStrip(words, StripSums.Scale(sums.S2, upper, lower), row, 8, word, shape.Chunks);
            StoreStrip(words, StripSums.Scale(sums.S3, upper, lower), row, 12, word, shape.Chunks);
        }
    }

    private static void StoreStrip(ArrayView<uint> words, StripSums sums, int row, int chunk, int word, int chunks)
    {
        StoreFragment(words, sums.C0, row, chunk, word, chunks);
        StoreFragment(words, sums.C1, row, chunk + 1, word, chunks);
        StoreFragment(words, sums.C2, row, chunk + 2, word, chunks);
        StoreFragment(words, sums.C3, row, chunk + 3, word, chunks);
    }

    private static void StoreFragment(ArrayView<uint> words, F4 c, int row, int chunk, int word, int chunks)
    {
        int at = Place(row, chunk, chunks) * 4 + word; // eight rows further down the turn is the same
        words[at] = PtxIntrinsics.Halves(c.X, c.Y);
        words[at + 8 * chunks * 4] = PtxIntrinsics.Halves(c.Z, c.W);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    public static Index3D Groups(int queries, int heads)
        => new((queries + Queries - 1) / Queries, heads, 1);

    /// <summary>Whether there is a kernel for the head size, and every matrix is binary16 with rows at multiples of 16 bytes.</summary>
    public static bool Fits(IlgpuQueue queue, int headSize, params ReadOnlySpan<Matrix> matrices)
    {
        if (queue.Tier != KernelTier.TensorCore || headSize is not (64 or 128)) return false;
        foreach (Matrix matrix in matrices)
        {
            if (matrix.Type != StorageType.F16 || matrix.Stride % 8 != 0 || matrix.Offset % 8 != 0) return false;
        }
        return true;
    }
}
