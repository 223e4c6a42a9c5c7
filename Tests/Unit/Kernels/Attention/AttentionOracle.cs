using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

/// <summary>Soft-max attention of one query over some keys, for the oracles of both attentions.</summary>
internal static class AttentionOracle
{
    /// <summary>The definition: y = Σ_j a[j] v[j], a = softmax_j(q · k[j] / √d).</summary>
    /// <param name="q">Column c of the query.</param>
    /// <param name="k">Column c of key j.</param>
    /// <param name="v">Column c of value j.</param>
    public static Expected[] Row(Func<int, float> q, Func<int, int, float> k, Func<int, int, float> v, int keys, int headSize)
    {
        var scores = new double[keys];
        var terms = new double[keys];
        for (int j = 0; j < keys; j++)
        {
            for (int c = 0; c < headSize; c++)
            {
                double term = (double)q(c) * k(j, c) / Math.Sqrt(headSize);
                scores[j] += term;
                terms[j] += Math.Abs(term);
            }
        }
        double maximum = scores.Max(), sum = scores.Sum(score => Math.Exp(score - maximum));
        // A score's error is the relative error of its weight, and through the sum of every weight.
        double common = scores.Select((score, j) => Math.Exp(score - maximum) / sum * terms[j]).Sum();
        var y = new Expected[headSize];
        for (int c = 0; c < headSize; c++)
        {
            double value = 0, magnitude = 0;
            for (int j = 0; j < keys; j++)
            {
                double weighted = Math.Exp(scores[j] - maximum) / sum * v(j, c);
                value += weighted;
                magnitude += Math.Abs(weighted) * (1 + terms[j] + common);
            }
            y[c] = new Expected(value, magnitude);
        }
        return y;
    }
}
