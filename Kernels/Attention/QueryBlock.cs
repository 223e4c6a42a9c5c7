using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>A block of queries of <see cref="BlockAttention"/>, two registers wide, with its sums so far.</summary>
/// <remarks>
/// Everything lies with the queries side by side in the lanes: Sᵀ = K · Qᵀ, then Pᵀ = exp(Sᵀ − max), then Oᵀ += Vᵀ · Pᵀ. So the soft-max
/// needs no sums across lanes, and Pᵀ is the second product's panel as it stands.
/// </remarks>
/// <param name="memory"><see cref="Floats"/> of the block, between its keys: queries, sums, then maximum and sum of each query.</param>
/// <param name="scores"><see cref="Scores"/> floats that blocks may share.</param>
/// <param name="queries">At most two registers full.</param>
internal readonly unsafe struct QueryBlock<V>(float* memory, float* scores, int headSize, int queries) where V : unmanaged, ILanes<V>
{
    /// <summary>Keys at a time.</summary>
    public const int Keys = 96;

    // The last rows of a tile mean nothing, and are written.
    private const int Spare = Tile.Rows - 1;

    private static int Width => 2 * V.Count;

    public static int Scores => (Keys + Spare) * Width;

    private float* Sums => memory + headSize * Width;

    private float* Maxima => Sums + (headSize + Spare) * Width;

    private float* Totals => Maxima + Width;

    public static int Floats(int headSize) => (2 * headSize + Spare + 2) * Width;

    /// <summary>Takes the queries, scaled by 1/√d.</summary>
    public void Start(float* q, long stride)
    {
        new Span<float>(memory, (2 * headSize + Spare) * Width).Clear();
        Transposed.Copy<StoredF32>((byte*)q, 4 * stride, queries, headSize, memory, Width, 1f / MathF.Sqrt(headSize));
        new Span<float>(Maxima, Width).Fill(float.NegativeInfinity);
        new Span<float>(Totals, Width).Clear();
    }

    /// <summary>Adds keys and values (count, headSize), which are the head's from <paramref name="first"/> on.</summary>
    /// <param name="limits">Keys of the head that each query sees; null = all.</param>
    public void Add(float* k, float* v, int count, int first, int* limits)
    {
        if (limits != null)
        {
            int most = 0;
            for (int i = 0; i < queries; i++) most = Math.Max(most, limits[i]);
            if ((count = Math.Min(count, most - first)) <= 0) return;
        }
        for (int j = 0; j < count; j += Tile.Rows)
            Tile.Multiply<V>(k + j * headSize, headSize, 1, Math.Min(Tile.Rows, count - j), memory, headSize, scores + j * Width, Width,
                false);
        if (limits != null) Mask(limits, first, count);
        Weigh(0, count);
        Weigh(V.Count, count);
        for (int c = 0; c < headSize; c += Tile.Rows)
            Tile.Multiply<V>(v + c, 1, headSize, Math.Min(Tile.Rows, headSize - c), scores, count, Sums + c * Width, Width, true);
    }

    /// <summary>Stores each query's weighted mean of values, and log Σ exp(score) where it is wanted.</summary>
    public void Finish(float* y, long stride, float* logSums, long strideL)
    {
        for (int lane = 0; lane < Width; lane += V.Count) Scale(lane, V.All(1) / V.Load(Totals + lane));
        for (int i = 0; i < queries && logSums != null; i++) logSums[i * strideL] = (float)(Maxima[i] + Math.Log(Totals[i]));
        Transposed.Copy<StoredF32>((byte*)Sums, 4 * Width, headSize, queries, y, (int)stride);
    }

    private void Mask(int* limits, int first, int count)
    {
        for (int i = 0; i < queries; i++)
        {
            for (int j = Math.Max(0, limits[i] - first); j < count; j++) scores[j * Width + i] = float.NegativeInfinity;
        }
    }

    /// <summary>Scores become weights; what was summed before is rescaled to the new maximum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Weigh(int lane, int count)
    {
        float* column = scores + lane;
        int width = Width;
        V before = V.Load(Maxima + lane), maximum = before;
        for (int j = 0; j < count; j++) maximum = V.Max(maximum, V.Load(column + j * width));
        V sum = V.Zero;
        for (int j = 0; j < count; j++)
        {
            V weight = V.Exp(V.Load(column + j * width) - maximum);
            weight.Store(column + j * width);
            sum += weight;
        }
        V shrink = V.Exp(before - maximum);
        maximum.Store(Maxima + lane);
        V.MultiplyAdd(V.Load(Totals + lane), shrink, sum).Store(Totals + lane);
        Scale(lane, shrink);
    }

    private void Scale(int lane, V factor)
    {
        float* at = Sums + lane;
        int width = Width;
        for (int c = 0; c < headSize; c++, at += width) (V.Load(at) * factor).Store(at);
    }
}
