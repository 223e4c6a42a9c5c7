namespace EdgeVideoLlava.Kernels;

/// <summary>The inner loop of both attentions on the CPU: one query against n keys, soft-max in one pass (Milakov and Gimelshein, arXiv:1805.02867).</summary>
internal static unsafe class SoftmaxAttention
{
    public static void Row(float* q, float* keys, long strideK, float* values, long strideV, int count, int headSize, float* y)
    {
        float scale = 1f / MathF.Sqrt(headSize), maximum = float.NegativeInfinity, sum = 0;
        for (int c = 0; c < headSize; c++) y[c] = 0;
        for (int j = 0; j < count; j++)
        {
            float score = 0;
            for (int c = 0; c < headSize; c++) score += q[c] * keys[j * strideK + c];
            score *= scale;
            if (score > maximum)
            {
                float shrink = MathF.Exp(maximum - score);
                sum *= shrink;
                for (int c = 0; c < headSize; c++) y[c] *= shrink;
                maximum = score;
            }
            float weight = MathF.Exp(score - maximum);
            sum += weight;
            for (int c = 0; c < headSize; c++) y[c] += weight * values[j * strideV + c];
        }
        for (int c = 0; c < headSize; c++) y[c] /= sum;
    }
}
