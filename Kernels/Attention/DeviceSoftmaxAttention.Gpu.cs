using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels;

/// <summary>One query head against n keys inside a kernel: soft-max in one pass (Milakov and Gimelshein, arXiv:1805.02867), y itself holds the sums.</summary>
internal static class DeviceSoftmaxAttention
{
    /// <summary>y[yRow, yColumn..] from q[qRow, qColumn..] and the keys and values in rows first, first + step, ... of their matrices.</summary>
    public static void Row(MatrixView q, int qRow, int qColumn, MatrixView keys, int keyColumn, MatrixView values, int valueColumn,
        int first, int step, int count, int headSize, MatrixView y, int yRow, int yColumn)
    {
        float scale = 1f / XMath.Sqrt((float)headSize), maximum = float.NegativeInfinity, sum = 0;
        for (int c = 0; c < headSize; c++) y[yRow, yColumn + c] = 0;
        for (int j = 0; j < count; j++)
        {
            int row = first + j * step;
            float score = 0;
            for (int c = 0; c < headSize; c++) score += q[qRow, qColumn + c] * keys[row, keyColumn + c];
            score *= scale;
            if (score > maximum)
            {
                float shrink = XMath.Exp(maximum - score);
                sum *= shrink;
                for (int c = 0; c < headSize; c++) y[yRow, yColumn + c] *= shrink;
                maximum = score;
            }
            float weight = XMath.Exp(score - maximum);
            sum += weight;
            for (int c = 0; c < headSize; c++) y[yRow, yColumn + c] += weight * values[row, valueColumn + c];
        }
        for (int c = 0; c < headSize; c++) y[yRow, yColumn + c] /= sum;
    }
}
