using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Many queries of one head against its keys on the CPU: two products over blocks of keys with the soft-max between.</summary>
/// <remarks>
/// As in FlashAttention (Dao et al., arXiv:2205.14135), no more scores exist than those of a block.
/// Everything lies with the queries side by side in the lanes: Sᵀ = K · Qᵀ, then Pᵀ = exp(Sᵀ − max), then Oᵀ += Vᵀ · Pᵀ. So the soft-max
/// needs no sums across lanes, Pᵀ is the second product's panel as it stands, and keys and values are read where they are.
/// A block of queries is two registers wide.
/// </remarks>
internal static unsafe class BlockAttention
{
    private const int KeyBlock = 96;

    /// <summary>Below this many queries for a key, one row at a time is faster.</summary>
    public const int FewestQueries = 12;

    /// <summary>Floats of scratch for a head size.</summary>
    private static int Scratch(int headSize, int width) => (headSize + KeyBlock + Tile.Rows + headSize + Tile.Rows + 2) * width + 16;

    /// <summary>Queries first.. of a head: y[i] = Σ_j softmax_j(q[i] · k[j] / √d) v[j], j over the keys of each query.</summary>
    /// <param name="queries">Queries, at most two registers full.</param>
    /// <param name="limits">Keys that each query sees; null = all.</param>
    /// <param name="keyCount">Keys that the query with the most sees.</param>
    /// <param name="logSums">Where log Σ_j exp(score j) of each query goes; null if it is not wanted.</param>
    public static void Run<V, TSource>(
        float* q, long strideQ, int queries, TSource keys, TSource values, int* limits, int keyCount, int headSize, float* y, long strideY,
        float* logSums, long strideL)
        where V : unmanaged, ILanes<V> where TSource : unmanaged, IHeadSource<TSource>
    {
        int width = 2 * V.Count;
        float* memory = stackalloc float[Scratch(headSize, width)], block = stackalloc float[keys.Scratch(KeyBlock)];
        float* turned = (float*)(((nint)memory + 63) & ~63), scores = turned + headSize * width;
        float* sums = scores + (KeyBlock + Tile.Rows) * width, state = sums + (headSize + Tile.Rows) * width;
        new Span<float>(turned, headSize * width).Clear();
        Transposed.Copy<StoredF32>((byte*)q, 4 * strideQ, queries, headSize, turned, width, 1f / MathF.Sqrt(headSize));
        new Span<float>(sums, headSize * width).Clear();
        var softmax = new Softmax<V>(scores, sums, state, headSize);
        for (int first = 0; first < keyCount; first += KeyBlock)
        {
            int count = Math.Min(KeyBlock, keyCount - first);
            float* k = keys.Block<V>(first, count, block);
            for (int j = 0; j < count; j += Tile.Rows)
                Tile.Multiply<V>(k + j * keys.Stride, keys.Stride, 1, Math.Min(Tile.Rows, count - j), turned, headSize, scores + j * width,
                    width, false);
            if (limits != null) Mask<V>(scores, limits, queries, first, count);
            softmax.Block(count);
            float* v = values.Block<V>(first, count, block);
            for (int c = 0; c < headSize; c += Tile.Rows)
                Tile.Multiply<V>(v + c, 1, values.Stride, Math.Min(Tile.Rows, headSize - c), scores, count, sums + c * width, width, true);
        }
        softmax.Divide();
        for (int i = 0; i < queries && logSums != null; i++) logSums[i * strideL] = softmax.LogSum(i);
        Transposed.Copy<StoredF32>((byte*)sums, 4 * width, headSize, queries, y, (int)strideY);
    }

    private static void Mask<V>(float* scores, int* limits, int queries, int first, int count) where V : unmanaged, ILanes<V>
    {
        for (int i = 0; i < queries; i++)
        {
            for (int j = Math.Max(0, limits[i] - first); j < count; j++) scores[j * 2 * V.Count + i] = float.NegativeInfinity;
        }
    }

    /// <summary>The running maximum and sum of each query, in lanes; state is (4, lanes).</summary>
    private readonly struct Softmax<V> where V : unmanaged, ILanes<V>
    {
        private readonly float* scores, sums, state;
        private readonly int headSize;

        public Softmax(float* scores, float* sums, float* state, int headSize)
        {
            this.scores = scores;
            this.sums = sums;
            this.state = state;
            this.headSize = headSize;
            for (int half = 0; half < 2; half++)
            {
                V.All(float.NegativeInfinity).Store(state + half * V.Count);
                V.Zero.Store(state + (2 + half) * V.Count);
            }
        }

        /// <summary>A block of scores becomes weights; what was summed before is rescaled to the new maximum.</summary>
        public void Block(int count)
        {
            for (int half = 0; half < 2; half++)
            {
                float* column = scores + half * V.Count;
                V before = V.Load(state + half * V.Count), maximum = before;
                for (int j = 0; j < count; j++) maximum = V.Max(maximum, V.Load(column + j * 2 * V.Count));
                V sum = V.Zero;
                for (int j = 0; j < count; j++)
                {
                    V weight = V.Exp(V.Load(column + j * 2 * V.Count) - maximum);
                    weight.Store(column + j * 2 * V.Count);
                    sum += weight;
                }
                V shrink = V.Exp(before - maximum);
                maximum.Store(state + half * V.Count);
                V.MultiplyAdd(V.Load(state + (2 + half) * V.Count), shrink, sum).Store(state + (2 + half) * V.Count);
                Scale(half, shrink);
            }
        }

        public float LogSum(int query) => (float)(state[query] + Math.Log(state[2 * V.Count + query]));

        public void Divide()
        {
            for (int half = 0; half < 2; half++) Scale(half, V.All(1) / V.Load(state + (2 + half) * V.Count));
        }

        private void Scale(int half, V factor)
        {
            for (int c = 0; c < headSize; c++)
            {
                float* at = sums + c * 2 * V.Count + half * V.Count;
                (V.Load(at) * factor).Store(at);
            }
        }
    }
}
