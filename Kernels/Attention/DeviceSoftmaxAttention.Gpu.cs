using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>One query head against n keys inside a kernel: soft-max in one pass (Milakov and Gimelshein,
/// arXiv:1805.02867), float32 sums in memory.</summary>
internal static class DeviceSoftmaxAttention
{
    /// <summary>y[yRow, yColumn..] from q[yRow, qColumn..] and the keys and values in rows first, first + step, ...
    /// of their matrices.</summary>
    /// <param name="sums">As large as y; may be y itself.</param>
    /// <param name="logSums">(rows of y, heads), or no rows where nothing is kept.</param>
    public static void Row<T>(MatrixView<T> q, int qColumn, MatrixView<T> keys, int keyColumn, MatrixView<T> values, int valueColumn,
        int first, int step, int count, int headSize, MatrixView<Float32> sums, MatrixView<T> y, int yRow, int yColumn,
        MatrixView<Float32> logSums) where T : unmanaged, IElement<T>
    {
        float scale = 1f / XMath.Sqrt((float)headSize), maximum = float.NegativeInfinity, sum = 0;
        for (int c = 0; c < headSize; c++) sums[yRow, yColumn + c] = 0;
        for (int j = 0; j < count; j++)
        {
            int row = first + j * step;
            float score = 0;
            for (int c = 0; c < headSize; c++) score += q[yRow, qColumn + c] * keys[row, keyColumn + c];
            score *= scale;
            if (score > maximum)
            {
                float shrink = XMath.Exp(maximum - score);
                sum *= shrink;
                for (int c = 0; c < headSize; c++) sums[yRow, yColumn + c] *= shrink;
                maximum = score;
            }
            float weight = XMath.Exp(score - maximum);
            sum += weight;
            for (int c = 0; c < headSize; c++) sums[yRow, yColumn + c] += weight * values[row, valueColumn + c];
        }
        for (int c = 0; c < headSize; c++) y[yRow, yColumn + c] = sums[yRow, yColumn + c] / sum;
        if (logSums.Rows > 0) logSums[yRow, yColumn / headSize] = maximum + XMath.Log(sum);
    }

    /// <summary>Where a kernel keeps its float32 sums: y itself if it is float32, else scratch that lasts until the
    /// caller's scope is left.</summary>
    public static Matrix Sums(IlgpuQueue queue, Matrix y) => y.Type == StorageType.F32 ? y : queue.Scratch.Take(y.Rows, y.Columns);
}
