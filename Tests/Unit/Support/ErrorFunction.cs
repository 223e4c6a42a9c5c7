namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>erf in double for the oracles: e^(−x²) · 2/√π · Σ 2ⁿ x^(2n+1) / (2n+1)!!, all terms of one sign, so nothing cancels.</summary>
internal static class ErrorFunction
{
    public static double Erf(double x)
    {
        double square = x * x, term = x, sum = x;
        if (square > 700) return Math.Sign(x);
        for (int n = 1; n < 2000 && Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * square / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-square) * sum;
    }
}
