namespace EdgeVideoLlava.Kernels;

/// <summary>The activations for one number, in the arithmetic that every device can do: plain +, ·, / and exp.</summary>
internal static class ScalarMath
{
    public static float Silu(float x) => x / (1f + MathF.Exp(-x));

    public static float QuickGelu(float x) => x / (1f + MathF.Exp(-1.702f * x));

    public static float Gelu(float x) => 0.5f * x * (1f + Erf(x * 0.70710678118654752f));

    /// <summary>erf by Abramowitz and Stegun 7.1.5's series below 1, by the continued-fraction-free rational form above; see ErfTests.</summary>
    public static float Erf(float x) => (float)ErfDouble(x);

    // .NET has no erf. Series for |x| < 2.5, Lentz-free asymptotic continued fraction beyond; double, so that float32 results round right.
    private static double ErfDouble(double x)
    {
        double a = Math.Abs(x);
        if (a > 5.9) return Math.Sign(x);
        double erf;
        if (a < 2.5)
        {
            double term = a, sum = a, square = a * a;
            for (int n = 1; n < 60; n++)
            {
                term *= -square / n;
                double add = term / (2 * n + 1);
                sum += add;
                if (Math.Abs(add) < 1e-17 * Math.Abs(sum)) break;
            }
            erf = sum * 1.1283791670955126;
        }
        else
        {
            double fraction = a;
            for (int n = 60; n >= 1; n--) fraction = a + n * 0.5 / fraction;
            erf = 1 - Math.Exp(-a * a) / (fraction * 1.7724538509055159);
        }
        return x < 0 ? -erf : erf;
    }
}
