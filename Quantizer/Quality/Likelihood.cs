namespace EdgeVideoLlava.Quantizer.Quality;

/// <summary>Rows of logits to probabilities, in float64.</summary>
internal static class Likelihood
{
    /// <summary>Logarithm of the sum of exponentials.</summary>
    public static double LogSum(ReadOnlySpan<float> logits)
    {
        float largest = logits[Best(logits)];
        double sum = 0;
        foreach (float logit in logits) sum += Math.Exp((double)logit - largest);
        return largest + Math.Log(sum);
    }

    /// <summary>Σ p (ln p − ln q), nats, over the vocabulary of both.</summary>
    public static double Divergence(ReadOnlySpan<float> p, double logSumP, ReadOnlySpan<float> q, double logSumQ)
    {
        double sum = 0;
        for (int i = 0; i < p.Length; i++)
        {
            double logP = p[i] - logSumP;
            sum += Math.Exp(logP) * (logP - (q[i] - logSumQ));
        }
        return sum;
    }

    /// <summary>The likeliest id; of several the first.</summary>
    public static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }
        return best;
    }
}
