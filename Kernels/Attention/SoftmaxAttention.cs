using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>One query against n keys on the CPU, a block of keys at a time: decode steps and the short sequences of
/// temporal attention.</summary>
/// <remarks>The soft-max is made on the way, rescaled when a block holds a larger score (Milakov and Gimelshein,
/// arXiv:1805.02867).</remarks>
internal static unsafe class SoftmaxAttention
{
    private const int KeyBlock = 64;

    /// <param name="logSum">Where log Σ_j exp(score j) goes; null if it is not wanted.</param>
    public static void Row<V, TSource>(float* q, TSource keys, TSource values, int count, int headSize, float* y, float* logSum)
        where V : unmanaged, ILanes<V> where TSource : unmanaged, IHeadSource<TSource>
    {
        float scale = 1f / MathF.Sqrt(headSize), maximum = float.NegativeInfinity;
        double sum = 0;
        float* weights = stackalloc float[KeyBlock], scratch = stackalloc float[keys.Scratch(KeyBlock)];
        new Span<float>(y, headSize).Clear();
        for (int first = 0; first < count; first += KeyBlock)
        {
            int block = Math.Min(KeyBlock, count - first);
            float* k = keys.Block<V>(first, block, scratch);
            for (int j = 0; j < block; j++) weights[j] = scale * Reduce.Dot<V>(q, k + j * keys.Stride, headSize);
            float larger = MathF.Max(maximum, Reduce.Largest<V>(weights, block)), shrink = MathF.Exp(maximum - larger);
            maximum = larger;
            sum = sum * shrink + Exponentials<V>(weights, block, maximum);
            AddWeighted<V>(weights, values.Block<V>(first, block, scratch), values.Stride, block, headSize, shrink, y);
        }
        float share = (float)(1 / sum);
        for (int c = 0; c < headSize; c++) y[c] *= share;
        if (logSum != null) *logSum = (float)(maximum + Math.Log(sum));
    }

    /// <summary>weights become exp(weights − maximum); returns their sum.</summary>
    private static double Exponentials<V>(float* weights, int count, float maximum) where V : unmanaged, ILanes<V>
    {
        int j = 0;
        V sum = V.Zero, center = V.All(maximum);
        for (; j + V.Count <= count; j += V.Count)
        {
            V e = V.Exp(V.Load(weights + j) - center);
            e.Store(weights + j);
            sum += e;
        }
        double total = V.Sum(sum);
        for (; j < count; j++) total += weights[j] = MathF.Exp(weights[j] - maximum);
        return total;
    }

    /// <summary>y = shrink · y + Σ_j weights[j] · values[j], a few registers of y at a time.</summary>
    private static void AddWeighted<V>(float* weights, float* values, long stride, int count, int headSize, float shrink, float* y)
        where V : unmanaged, ILanes<V>
    {
        int c = 0, n = V.Count;
        V factor = V.All(shrink);
        for (; c + 4 * n <= headSize; c += 4 * n)
        {
            V y0 = V.Load(y + c) * factor;
            V y1 = V.Load(y + c + n) * factor;
            V y2 = V.Load(y + c + 2 * n) * factor;
            V y3 = V.Load(y + c + 3 * n) * factor;
            for (int j = 0; j < count; j++)
            {
                V w = V.All(weights[j]);
                float* value = values + j * stride + c;
                y0 = V.MultiplyAdd(w, V.Load(value), y0);
                y1 = V.MultiplyAdd(w, V.Load(value + n), y1);
                y2 = V.MultiplyAdd(w, V.Load(value + 2 * n), y2);
                y3 = V.MultiplyAdd(w, V.Load(value + 3 * n), y3);
            }
            y0.Store(y + c);
            y1.Store(y + c + n);
            y2.Store(y + c + 2 * n);
            y3.Store(y + c + 3 * n);
        }
        for (; c < headSize; c++)
        {
            float sum = y[c] * shrink;
            for (int j = 0; j < count; j++) sum += weights[j] * values[j * stride + c];
            y[c] = sum;
        }
    }
}
