namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>Source ranges and weights of one axis for bicubic resampling with antialias (a = -0.5), as Pillow and
/// torch do it on bytes.</summary>
/// <remarks>
/// For output i of the whole axis: centre c = (i + 0.5) in/out, s = max(in/out, 1), taps from int(c - 2s + 0.5) to int(c + 2s + 0.5) cut to
/// the picture, weights cubic((j - c + 0.5) / s) divided by their sum. Starts: (Count); Weights: (Count, Taps), zero
/// beyond an output's own taps.
/// </remarks>
internal sealed class AntialiasTaps
{
    public int Count { get; }
    public int Taps { get; }
    public int[] Starts { get; }
    public double[] Weights { get; }

    public AntialiasTaps(int input, int output, int first, int count)
    {
        double ratio = (double)input / output, scale = Math.Max(ratio, 1.0), support = 2.0 * scale;
        Count = count;
        Taps = Math.Min((int)Math.Ceiling(support) * 2 + 1, input);
        Starts = new int[count];
        Weights = new double[count * Taps];
        for (int i = 0; i < count; i++)
        {
            double centre = (first + i + 0.5) * ratio;
            int start = Math.Max((int)(centre - support + 0.5), 0), end = Math.Min((int)(centre + support + 0.5), input);
            Starts[i] = Math.Min(start, input - Taps);
            Fill(Weights.AsSpan(i * Taps + start - Starts[i], end - start), start - centre + 0.5, 1.0 / scale);
        }
    }

    /// <summary>Weights times 2^precision, rounded half away from zero: (Count, Taps).</summary>
    public int[] Fixed(int precision) => Array.ConvertAll(Weights, weight => (int)(weight * (1 << precision) + (weight < 0 ? -0.5 : 0.5)));

    /// <summary>The largest precision at which every weight fits 16 bits, as torch chooses it; at most 22.</summary>
    public int SixteenBitPrecision()
    {
        double largest = Weights.Max();
        int precision = 0;
        while (precision < 22 && (int)(0.5 + largest * (1 << (precision + 1))) < 1 << 15) precision++;
        return precision;
    }

    private static void Fill(Span<double> weights, double distance, double inverseScale)
    {
        double sum = 0;
        for (int j = 0; j < weights.Length; j++) sum += weights[j] = Cubic((distance + j) * inverseScale);
        if (sum == 0) return;
        for (int j = 0; j < weights.Length; j++) weights[j] *= 1.0 / sum;
    }

    private static double Cubic(double x)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
        return x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * a : 0.0;
    }
}
