using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>Which rows of a layer of CLIP see each other.</summary>
internal interface IAttendedRows
{
    /// <summary>qkv (R, 3·D) to y (R, D), and the log-sums where they are kept.</summary>
    void Run(ComputeQueue queue, Matrix qkv, int heads, Matrix y, Matrix? logSums);

    /// <summary>dy (R, D) to dqkv (R, 3·D).</summary>
    void Backward(ComputeQueue queue, Matrix qkv, int heads, Matrix y, Matrix logSums, Matrix dy, Matrix dqkv);
}

/// <summary>All rows of a sequence: positions of a frame, or a position of all frames of a clip.</summary>
internal sealed record AllRows(SequenceLayout Layout) : IAttendedRows
{
    public void Run(ComputeQueue queue, Matrix qkv, int heads, Matrix y, Matrix? logSums)
        => FullAttention.Run(queue, qkv, Layout, heads, y, logSums);

    public void Backward(ComputeQueue queue, Matrix qkv, int heads, Matrix y, Matrix logSums, Matrix dy, Matrix dqkv)
        => FullAttention.Backward(queue, qkv, Layout, heads, y, logSums, dy, dqkv);
}

/// <summary>The rows before, of the same text.</summary>
/// <param name="Lengths">Of the texts, one after the other.</param>
/// <param name="Positions">Of each row within its text.</param>
internal sealed record RowsBefore(IReadOnlyList<int> Lengths, IntVector Positions) : IAttendedRows
{
    public void Run(ComputeQueue queue, Matrix qkv, int heads, Matrix y, Matrix? logSums)
        => CausalSequences.Run(queue, qkv, Lengths, Positions, heads, y, logSums);

    public void Backward(ComputeQueue queue, Matrix qkv, int heads, Matrix y, Matrix logSums, Matrix dy, Matrix dqkv)
        => CausalSequences.Backward(queue, qkv, Lengths, Positions, heads, y, logSums, dy, dqkv);
}
