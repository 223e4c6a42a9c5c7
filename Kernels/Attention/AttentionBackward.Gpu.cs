using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>The backward of one row of a head inside a kernel: of a query, or of a key and its value.</summary>
internal static class DeviceAttentionBackward
{
    /// <summary>dq[row, qColumn..] = Σ_j dS k[j]/√d over the keys in rows first, first + step, ...</summary>
    /// <param name="delta">Σ_c dy y of the row and head.</param>
    public static void Query(in Operands of, int row, int qColumn, int keyColumn, int valueColumn, int first, int step, int count,
        int headSize, float logSum, float delta, MatrixView<Float32> dq, int dqColumn)
    {
        float scale = 1f / XMath.Sqrt((float)headSize);
        for (int c = 0; c < headSize; c++) dq[row, dqColumn + c] = 0;
        for (int j = 0; j < count; j++)
        {
            int key = first + j * step;
            float score = Weight(of, row, qColumn, key, keyColumn, headSize, scale, logSum);
            float difference = score * (Dot(of.Dy, row, dqColumn, of.Values, key, valueColumn, headSize) - delta) * scale;
            for (int c = 0; c < headSize; c++) dq[row, dqColumn + c] += difference * of.Keys[key, keyColumn + c];
        }
    }

    /// <summary>Adds what one query gives to the gradients of one key and its value.</summary>
    public static void Key(in Operands of, int row, int qColumn, int dyColumn, int key, int keyColumn, int valueColumn, int headSize,
        float logSum, float delta, MatrixView<Float32> dk, int dkColumn, MatrixView<Float32> dv, int dvColumn)
    {
        float scale = 1f / XMath.Sqrt((float)headSize), weight = Weight(of, row, qColumn, key, keyColumn, headSize, scale, logSum);
        float difference = weight * (Dot(of.Dy, row, dyColumn, of.Values, key, valueColumn, headSize) - delta) * scale;
        for (int c = 0; c < headSize; c++)
        {
            dv[key, dvColumn + c] += weight * of.Dy[row, dyColumn + c];
            dk[key, dkColumn + c] += difference * of.Queries[row, qColumn + c];
        }
    }

    /// <summary>log Σ_j exp(q · k[j]/√d) with the sums of this backward: the forward's are plain, and less good for large scores.</summary>
    public static float LogSum(in Operands of, int row, int qColumn, int keyColumn, int first, int step, int count, int headSize)
    {
        float scale = 1f / XMath.Sqrt((float)headSize), largest = float.NegativeInfinity, sum = 0;
        for (int j = 0; j < count; j++)
        {
            float score = Dot(of.Queries, row, qColumn, of.Keys, first + j * step, keyColumn, headSize) * scale;
            float larger = XMath.Max(largest, score);
            sum = sum * XMath.Exp(largest - larger) + XMath.Exp(score - larger);
            largest = larger;
        }
        return largest + XMath.Log(sum);
    }

    /// <summary>Σ_c a[rowA, columnA + c] · b[rowB, columnB + c].</summary>
    public static float Dot(
        MatrixView<Float32> a, int rowA, int columnA, MatrixView<Float32> b, int rowB, int columnB, int headSize)
    {
        var sum = new CompensatedSum();
        for (int c = 0; c < headSize; c++) sum.Add(a[rowA, columnA + c] * b[rowB, columnB + c]);
        return sum.Total;
    }

    private static float Weight(in Operands of, int row, int qColumn, int key, int keyColumn, int headSize, float scale, float logSum)
        => XMath.Exp(Dot(of.Queries, row, qColumn, of.Keys, key, keyColumn, headSize) * scale - logSum);

    /// <summary>What the forward had, and the gradient of its result.</summary>
    internal readonly struct Operands(
        MatrixView<Float32> queries, MatrixView<Float32> keys, MatrixView<Float32> values, MatrixView<Float32> dy)
    {
        public readonly MatrixView<Float32> Queries = queries, Keys = keys, Values = values, Dy = dy;
    }
}
