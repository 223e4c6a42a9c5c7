using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Where a tile of attention leaves its rows' log-sums. A type argument: the kernels of inference have nothing of it.</summary>
internal interface ILogSums
{
    /// <summary>A constant.</summary>
    bool AreKept { get; }

    /// <summary>Keeps log Σ exp(score) of a row.</summary>
    /// <param name="maximum">The row's largest score.</param>
    /// <param name="sum">Σ exp(score − maximum)</param>
    void Keep(int row, float maximum, float sum);
}

internal readonly struct NoLogSums : ILogSums
{
    public bool AreKept => false;

    public void Keep(int row, float maximum, float sum)
    {
    }
}

/// <summary>Column head of (rows, heads).</summary>
internal readonly struct KeptLogSums(MatrixView<Float32> logSums, int head) : ILogSums
{
    public bool AreKept => true;

    public void Keep(int row, float maximum, float sum) => logSums[row, head] = maximum + XMath.Log(sum);
}
