using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Rows of a <see cref="CausalAttention"/>: what asks and what is made of it, apart from the keys and values.</summary>
/// <param name="Q">(T, H·d)</param>
/// <param name="Positions">(T)</param>
/// <param name="Y">(T, H·d)</param>
/// <param name="LogSums">(T, H), float32; null where nothing is kept.</param>
internal readonly record struct QueryRows(Matrix Q, IntVector Positions, int HeadSize, Matrix Y, Matrix? LogSums)
{
    public int Rows => Q.Rows;

    public int Heads => Q.Columns / HeadSize;

    public QueryRows Range(int row, int count)
        => new(Q.RowRange(row, count), Positions.Range(row, count), HeadSize, Y.RowRange(row, count), LogSums?.RowRange(row, count));
}
