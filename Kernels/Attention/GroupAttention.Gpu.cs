using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Soft-max attention by groups: 16 queries of one head against their keys, 32 at a time, everything they
/// share in shared memory.</summary>
/// <remarks>
/// y[i] = Σ_j a[j] v[j],   a = softmax_j(q[i] · k[j] / √d), j over the keys of query i (<see cref="IAttentionMap"/>)
/// d a multiple of 8, at most 128; scores, soft-max and sums float32, running maximum as in FlashAttention (Dao et al., arXiv:2205.14135).
/// Eight items make a query: each four of the 32 scores and an eighth of the columns. 29 KiB of shared memory; rows
/// there are padded by four numbers, so that eight neighbouring rows lie in different banks.
/// </remarks>
internal static class GroupAttention
{
    public const int Items = 128, Queries = 16, LargestHead = 128;

    private const int Keys = 32, Share = Items / Queries, Row = LargestHead / 4 + 1;

    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <param name="qColumn">The head's first column, here and below a multiple of 8.</param>
    public static void Tile<TMap, T, TLogSums>(TMap map, EightsView<T> q, int qColumn, EightsView<T> keys, int keyColumn,
        EightsView<T> values, int valueColumn, int headSize, MatrixView<T> y, int yColumn, TLogSums logSums)
        where TMap : struct, IAttentionMap where T : unmanaged, IElement<T> where TLogSums : struct, ILogSums
    {
        ArrayView<F4> tileQ = SharedMemory.Allocate<F4>(Queries * Row), tile = SharedMemory.Allocate<F4>(Keys * Row);
        ArrayView<float> scores = SharedMemory.Allocate<float>(Queries * Keys), weights = SharedMemory.Allocate<float>(Queries * Keys);
        int item = Group.IdxX;
        int first = Grid.IdxX * Queries;
        int query = item / Share;
        int share = item % Share;
        int quads = headSize / 4;
        int last = map.Queries - 1;
        KeyRange own = map.Keys(XMath.Min(first + query, last)), all = own;
        for (int i = 0; i < Queries; i++) all = KeyRange.Union(all, map.Keys(XMath.Min(first + i, last)));

        for (int i = item; i < Queries * quads / 2; i += Items)
        {
            int row = map.QueryRow(XMath.Min(first + i / (quads / 2), last)), eight = i % (quads / 2);
            Put(tileQ, i / (quads / 2), eight, q[row * q.Stride + qColumn / 8 + eight]);
        }
        float scale = 1f / XMath.Sqrt((float)headSize), maximum = float.NegativeInfinity, sum = 0f;
        Columns columns = default;
        for (int key = all.First; key < all.End; key += Keys)
        {
            Load(map, tile, keys, keyColumn, key, all.End, quads / 2);
            Group.Barrier();
            F4 products = Products(tileQ, query * Row, tile, share * Row, quads);
            int at = query * Keys + share;
            scores[at] = Mask(products.X * scale, key + share, own);
            scores[at + Share] = Mask(products.Y * scale, key + share + Share, own);
            scores[at + 2 * Share] = Mask(products.Z * scale, key + share + 2 * Share, own);
            scores[at + 3 * Share] = Mask(products.W * scale, key + share + 3 * Share, own);
            Group.Barrier();
            float before = maximum;
            for (int i = 0; i < Keys; i++) maximum = XMath.Max(maximum, scores[query * Keys + i]);
            // A query that has seen no key yet has weights exp(−∞ − 0) = 0, not exp(−∞ + ∞).
            float finite = maximum == float.NegativeInfinity ? 0f : maximum;
            for (int i = at; i < at + Keys; i += Share) weights[i] = XMath.Exp(scores[i] - finite);
            Load(map, tile, values, valueColumn, key, all.End, quads / 2);
            Group.Barrier();
            float shrink = XMath.Exp(before - finite);
            sum *= shrink;
            columns = Columns.Scale(columns, shrink);
            for (int i = 0; i < Keys; i++)
            {
                float weight = weights[query * Keys + i];
                sum += weight;
                columns = Columns.Add(columns, weight, tile, i * Row + share, quads - share);
            }
            Group.Barrier(); // the tile is used by all
        }
        if (first + query <= last)
            Columns.Store(Columns.Scale(columns, 1f / sum), y, map.QueryRow(first + query), yColumn + 4 * share, quads - share);
        if (logSums.AreKept && first + query <= last && share == 0) logSums.Keep(map.QueryRow(first + query), maximum, sum);
    }

    /// <summary>32 rows of keys or values. The last one is repeated beyond the end: unwritten memory may hold anything.</summary>
    private static void Load<TMap, T>(TMap map, ArrayView<F4> tile, EightsView<T> source, int column, int key, int end, int eights)
        where TMap : struct, IAttentionMap where T : unmanaged, IElement<T>
    {
        for (int i = Group.IdxX; i < Keys * eights; i += Items)
        {
            int row = map.KeyRow(XMath.Min(key + i / eights, end - 1)), eight = i % eights;
            Put(tile, i / eights, eight, source[row * source.Stride + column / 8 + eight]);
        }
    }

    private static void Put(ArrayView<F4> tile, int row, int eight, F8 v)
    {
        tile[row * Row + 2 * eight] = new F4 { X = v.X0, Y = v.X1, Z = v.X2, W = v.X3 };
        tile[row * Row + 2 * eight + 1] = new F4 { X = v.X4, Y = v.X5, Z = v.X6, W = v.X7 };
    }

    /// <summary>A query's row with four keys' rows, a share apart.</summary>
    private static F4 Products(ArrayView<F4> tileQ, int q, ArrayView<F4> tile, int key, int quads)
    {
        F4 sums = default;
        for (int c = 0; c < quads; c++)
        {
            F4 a = tileQ[q + c];
            sums.X = Add(sums.X, a, tile[key + c]);
            sums.Y = Add(sums.Y, a, tile[key + Share * Row + c]);
            sums.Z = Add(sums.Z, a, tile[key + 2 * Share * Row + c]);
            sums.W = Add(sums.W, a, tile[key + 3 * Share * Row + c]);
        }
        return sums;
    }

    private static float Add(float sum, F4 a, F4 b) => sum + a.X * b.X + a.Y * b.Y + a.Z * b.Z + a.W * b.W;

    private static float Mask(float score, int key, KeyRange range)
        => key >= range.First && key < range.End ? score : float.NegativeInfinity;

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    public static Index3D Groups(int queries, int heads)
        => new((queries + Queries - 1) / Queries, heads, 1);

    /// <summary>Whether the matrices have what groups read at once: rows at multiples of eight numbers, of 16 bytes.</summary>
    public static bool Fits(IlgpuQueue queue, int headSize, int largest, params ReadOnlySpan<Matrix> matrices)
    {
        if (queue.Tier == KernelTier.Processor || headSize % 8 != 0 || headSize > largest) return false;
        foreach (Matrix matrix in matrices)
        {
            int together = matrix.Type == StorageType.I8 ? 16 : 8;
            if (matrix.Stride % together != 0 || matrix.Offset % together != 0) return false;
        }
        return true;
    }

    /// <summary>An item's columns of a query: four quads, eight quads apart; those beyond the head stay 0.</summary>
    private struct Columns
    {
        private F4 quad0, quad1, quad2, quad3;

        /// <param name="left">Quads of the head from the first one on.</param>
        public static Columns Add(Columns columns, float weight, ArrayView<F4> tile, int at, int left)
        {
            if (left > 0) columns.quad0 = Add(columns.quad0, weight, tile[at]);
            if (left > Share) columns.quad1 = Add(columns.quad1, weight, tile[at + Share]);
            if (left > 2 * Share) columns.quad2 = Add(columns.quad2, weight, tile[at + 2 * Share]);
            if (left > 3 * Share) columns.quad3 = Add(columns.quad3, weight, tile[at + 3 * Share]);
            return columns;
        }

        public static Columns Scale(Columns columns, float factor) => new()
        {
            quad0 = Scale(columns.quad0, factor),
            quad1 = Scale(columns.quad1, factor),
            quad2 = Scale(columns.quad2, factor),
            quad3 = Scale(columns.quad3, factor),
        };

        public static void Store<T>(Columns columns, MatrixView<T> y, int row, int column, int left) where T : unmanaged, IElement<T>
        {
            if (left > 0) Store(columns.quad0, y, row, column);
            if (left > Share) Store(columns.quad1, y, row, column + 4 * Share);
            if (left > 2 * Share) Store(columns.quad2, y, row, column + 8 * Share);
            if (left > 3 * Share) Store(columns.quad3, y, row, column + 12 * Share);
        }

        private static F4 Add(F4 sum, float weight, F4 v)
        {
            sum.X += weight * v.X;
            sum.Y += weight * v.Y;
            sum.Z += weight * v.Z;
            sum.W += weight * v.W;
            return sum;
        }

        private static F4 Scale(F4 v, float factor) => new() { X = v.X * factor, Y = v.Y * factor, Z = v.Z * factor, W = v.W * factor };

        private static void Store<T>(F4 v, MatrixView<T> y, int row, int column) where T : unmanaged, IElement<T>
        {
            y[row, column] = v.X;
            y[row, column + 1] = v.Y;
            y[row, column + 2] = v.Z;
            y[row, column + 3] = v.W;
        }
    }
}
