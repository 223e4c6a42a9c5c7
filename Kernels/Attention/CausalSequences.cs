using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Causal attention inside sequences that lie one after the other, each of its own length (texts), and its backward.</summary>
/// <remarks>
/// <see cref="CausalAttention"/> of each sequence on its own rows. qkv, dqkv (R, 3·D), y, dy (R, D), logSums (R, heads), positions (R):
/// of each row within its sequence;  R = Σ lengths. Results are replaced and alias nothing.
/// </remarks>
internal static class CausalSequences
{
    public static void Run(ComputeQueue queue, Matrix qkv, IReadOnlyList<int> lengths, IntVector positions, int heads, Matrix y,
        Matrix? logSums = null)
    {
        int size = y.Columns / heads, row = 0;
        foreach (int length in lengths)
        {
            Parts of = Split(qkv.RowRange(row, length));
            CausalAttention.Run(queue, of.Q, of.Keys, of.Values, positions.Range(row, length), size, y.RowRange(row, length),
                logSums?.RowRange(row, length));
            row += length;
        }
    }

    public static void Backward(ComputeQueue queue, Matrix qkv, IReadOnlyList<int> lengths, IntVector positions, int heads, Matrix y,
        Matrix logSums, Matrix dy, Matrix dqkv)
    {
        int size = y.Columns / heads, row = 0;
        foreach (int length in lengths)
        {
            Parts of = Split(qkv.RowRange(row, length)), d = Split(dqkv.RowRange(row, length));
            var queries = new QueryRows(of.Q, positions.Range(row, length), size, y.RowRange(row, length), logSums.RowRange(row, length));
            CausalAttention.Backward(queue, queries, of.Keys, of.Values, dy.RowRange(row, length), d.Q, d.Keys, d.Values);
            row += length;
        }
    }

    private static Parts Split(Matrix qkv)
    {
        int columns = qkv.Columns / 3;
        return new Parts(qkv.ColumnRange(0, columns), qkv.ColumnRange(columns, columns), qkv.ColumnRange(2 * columns, columns));
    }

    private readonly record struct Parts(Matrix Q, Matrix Keys, Matrix Values);
}
