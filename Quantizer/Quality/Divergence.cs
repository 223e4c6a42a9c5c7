namespace EdgeVideoLlava.Quantizer.Quality;

/// <summary>How far a model's next-token distributions are from another's, position by position.</summary>
internal sealed class Divergence
{
    private readonly List<double> divergences = [];
    private double losses, otherLosses, deltas, squaredDeltas;
    private int agreed, scored;

    /// <summary>Takes rows of logits of both models.</summary>
    /// <param name="next">Id that follows each row; fewer than rows where the last has none.</param>
    public void Add(float[] logits, int columns, float[] others, int otherColumns, ReadOnlySpan<int> next)
    {
        int rows = logits.Length / columns, shared = Math.Min(columns, otherColumns);
        int[] ids = next.ToArray();
        var results = new (double Kl, bool Agrees, double Loss, double OtherLoss)[rows];
        Parallel.For(0, rows, i =>
        {
            ReadOnlySpan<float> one = logits.AsSpan(i * columns, shared), other = others.AsSpan(i * otherColumns, shared);
            double sum = Likelihood.LogSum(one), otherSum = Likelihood.LogSum(other);
            bool follows = i < ids.Length;
            results[i] = (Likelihood.Divergence(one, sum, other, otherSum), Likelihood.Best(one) == Likelihood.Best(other),
                follows ? sum - one[ids[i]] : 0, follows ? otherSum - other[ids[i]] : 0);
        });
        foreach ((double kl, bool agrees, double loss, double otherLoss) in results)
        {
            divergences.Add(kl);
            if (agrees) agreed++;
            (losses, otherLosses) = (losses + loss, otherLosses + otherLoss);
            double delta = Math.Exp(-otherLoss) - Math.Exp(-loss);
            (deltas, squaredDeltas) = (deltas + delta, squaredDeltas + delta * delta);
        }
        scored += ids.Length;
    }

    public DivergenceReport Report()
    {
        double[] sorted = [.. divergences.Order()];
        double mean = sorted.Average(), variance = sorted.Average(kl => (kl - mean) * (kl - mean));
        return new DivergenceReport(sorted.Length, mean, sorted.Length > 1 ? Math.Sqrt(variance / (sorted.Length - 1)) : 0,
            At(sorted, 0.5), At(sorted, 0.9), At(sorted, 0.99), sorted[^1], 100.0 * agreed / sorted.Length,
            scored == 0 ? null : 100 * Math.Sqrt(squaredDeltas / scored), scored == 0 ? null : 100 * deltas / scored,
            scored == 0 ? null : Math.Exp(losses / scored), scored == 0 ? null : Math.Exp(otherLosses / scored));
    }

    /// <summary>A percentile by linear interpolation.</summary>
    private static double At(double[] sorted, double fraction)
    {
        double place = fraction * (sorted.Length - 1);
        int low = (int)place, high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
    }
}

/// <summary>Distributions of the next token of model B against model A's.</summary>
/// <param name="Positions">How many were compared.</param>
/// <param name="Mean">KL(A || B) in nats.</param>
/// <param name="StandardError">Of the mean.</param>
/// <param name="Median">Half are below.</param>
/// <param name="Percentile90">Nine of ten are below.</param>
/// <param name="Percentile99">99 of 100 are below.</param>
/// <param name="Largest">The worst position.</param>
/// <param name="TopAgreementPercent">Positions with the same likeliest token.</param>
/// <param name="RmsDeltaPercent">Root mean square of the change of the true next token's probability; null where none is known.</param>
/// <param name="MeanDeltaPercent">Its mean.</param>
/// <param name="PerplexityA">Of model A on the same positions.</param>
/// <param name="PerplexityB">Of model B.</param>
public sealed record DivergenceReport(int Positions, double Mean, double StandardError, double Median, double Percentile90,
    double Percentile99, double Largest, double TopAgreementPercent, double? RmsDeltaPercent, double? MeanDeltaPercent, double? PerplexityA,
    double? PerplexityB);
