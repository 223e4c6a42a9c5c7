namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>What an oracle gives for one element: the value in double, and the sum of the magnitudes of what was added up for it.</summary>
internal readonly record struct Expected(double Value, double Terms)
{
    /// <summary>Rounding of float32 relative to what was summed.</summary>
    public const double Unit = 1.0 / (1 << 24);

    /// <summary>k where 32 products are added one after the other, as the portable tile of products does: docs/numerics.md.</summary>
    public const double ChainOf32 = 6;

    /// <summary>|got − expected| ≤ k · 2⁻²⁴ · Σ|terms| for every element; NaN fails. Prints the largest share of that used.</summary>
    /// <param name="k">4 for float32 sums, see docs/numerics.md.</param>
    public static void Check(ITestOutputHelper output, string what, ReadOnlySpan<float> got, ReadOnlySpan<Expected> expected, double k = 4)
    {
        Assert.Equal(expected.Length, got.Length);
        double share = 0;
        for (int i = 0; i < got.Length; i++)
        {
            double tolerance = k * Unit * expected[i].Terms, error = Math.Abs(got[i] - expected[i].Value);
            Assert.True(error <= tolerance,
                $"{what}[{i}] is {got[i]:G9}, expected {expected[i].Value:G9}: off by {error:G3}, allowed {tolerance:G3}");
            if (tolerance > 0) share = Math.Max(share, error / tolerance);
        }
        output.WriteLine($"{what}: {share:P0} of the tolerance used by {got.Length} elements");
    }
}
