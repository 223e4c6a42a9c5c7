namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>What Q4_K and Q5_K share: 8 groups of 32 numbers, x = d·s[g] · q − dmin·m[g], scales s and minima m of 6
/// bits in 12 bytes.</summary>
/// <remarks>
/// Bytes 0..3 hold s[0..3] and bytes 4..7 m[0..3] in their low 6 bits. Bytes 8..11 hold the low 4 bits of s[4..7] (low nibble) and
/// of m[4..7] (high nibble); their upper 2 bits are the upper 2 bits of bytes 0..3 (s) and 4..7 (m).
/// </remarks>
internal static unsafe class AffineSuperBlock
{
    private const int Groups = 8, Group = 32;

    public static (int Scale, int Minimum) Get(byte* scales, int group) => group < 4
        ? (scales[group] & 63, scales[group + 4] & 63)
        : (scales[group + 4] & 15 | scales[group - 4] >> 6 << 4, scales[group + 4] >> 4 | scales[group] >> 6 << 4);

    /// <summary>Scale and offset of each group.</summary>
    public static void Grid(byte* stored, float d, float minimum, float* scales, float* offsets)
    {
        for (int g = 0; g < Groups; g++)
        {
            (int scale, int offset) = Get(stored, g);
            (scales[g], offsets[g]) = (d * scale, -(minimum * offset));
        }
    }

    /// <summary>Finds scales, minima and the 256 levels 0..top.</summary>
    /// <param name="first">See <see cref="ScaleSearch.Affine"/>, also for <paramref name="steps"/>.</param>
    public static bool Quantize(float* x, int top, float first, int steps, byte* scales, byte* levels, out Half d, out Half minimum)
    {
        float* weights = stackalloc float[Group], found = stackalloc float[Groups], minima = stackalloc float[Groups];
        float largestScale = 0, largestMinimum = 0;
        for (int g = 0; g < Groups; g++)
        {
            Weigh(x + g * Group, weights);
            (found[g], minima[g]) = ScaleSearch.Affine(x + g * Group, weights, Group, top, first, steps, levels + g * Group);
            if (found[g] > largestScale) largestScale = found[g];
            if (minima[g] > largestMinimum) largestMinimum = minima[g];
        }
        float inverse = largestScale > 0 ? 63f / largestScale : 0, inverseMinimum = largestMinimum > 0 ? 63f / largestMinimum : 0;
        new Span<byte>(scales, 12).Clear();
        for (int g = 0; g < Groups; g++)
            Set(scales, g, ScaleSearch.Nearest(inverse * found[g], 0, 63), ScaleSearch.Nearest(inverseMinimum * minima[g], 0, 63));
        (d, minimum) = ((Half)(largestScale / 63f), (Half)(largestMinimum / 63f));
        for (int g = 0; g < Groups; g++) Requantize(x + g * Group, top, Get(scales, g), (float)d, (float)minimum, levels + g * Group);
        return Half.IsFinite(d) && Half.IsFinite(minimum);
    }

    /// <summary>The same with an importance of each column: scales and minima are searched together with their groups' weights.</summary>
    public static bool QuantizeWeighted(float* x, float* importance, int top, byte* scales, byte* levels, out Half d, out Half minimum)
    {
        float* weights = stackalloc float[Group], found = stackalloc float[Groups], minima = stackalloc float[Groups];
        float* sums = stackalloc float[Groups];
        byte* scaleLevels = stackalloc byte[Groups], minimumLevels = stackalloc byte[Groups];
        float squares = 0;
        for (int i = 0; i < Groups * Group; i++) squares += x[i] * x[i];
        for (int g = 0; g < Groups; g++)
        {
            ScaleSearch.Weigh(x + g * Group, importance + g * Group, 2 * squares / (Groups * Group), Group, weights);
            sums[g] = 0;
            for (int i = 0; i < Group; i++) sums[g] += weights[i];
            (found[g], minima[g]) = ScaleSearch.AffineWeighted(x + g * Group, weights, Group, top, levels + g * Group);
        }
        d = (Half)ScaleSearch.Positive(found, sums, Groups, 63, scaleLevels);
        minimum = (Half)ScaleSearch.Positive(minima, sums, Groups, 63, minimumLevels);
        new Span<byte>(scales, 12).Clear();
        for (int g = 0; g < Groups; g++) Set(scales, g, scaleLevels[g], minimumLevels[g]);
        for (int g = 0; g < Groups; g++) Requantize(x + g * Group, top, Get(scales, g), (float)d, (float)minimum, levels + g * Group);
        return Half.IsFinite(d) && Half.IsFinite(minimum);
    }

    /// <summary>Large numbers count more, but small ones too: their root mean square is added to each magnitude.</summary>
    private static void Weigh(float* x, float* weights)
    {
        float squares = 0;
        for (int i = 0; i < Group; i++) squares += x[i] * x[i];
        float typical = MathF.Sqrt(squares / Group);
        for (int i = 0; i < Group; i++) weights[i] = typical + MathF.Abs(x[i]);
    }

    private static void Set(byte* scales, int group, int scale, int minimum)
    {
        if (group < 4)
        {
            scales[group] |= (byte)scale;
            scales[group + 4] |= (byte)minimum;
            return;
        }
        scales[group + 4] = (byte)(scale & 15 | (minimum & 15) << 4);
        scales[group - 4] |= (byte)(scale >> 4 << 6);
        scales[group] |= (byte)(minimum >> 4 << 6);
    }

    /// <summary>The levels for the scale and minimum as they are stored; a group of scale 0 keeps those of the search.</summary>
    private static void Requantize(float* x, int top, (int Scale, int Minimum) group, float d, float minimum, byte* levels)
    {
        float scale = d * group.Scale, offset = minimum * group.Minimum;
        if (scale == 0) return;
        for (int i = 0; i < Group; i++) levels[i] = (byte)ScaleSearch.Nearest((x[i] + offset) / scale, 0, top);
    }
}
