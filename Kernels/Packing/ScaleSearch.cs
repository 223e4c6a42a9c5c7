using System.Runtime.CompilerServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Searches for the scale of a group of numbers whose rounded levels lose least: what the quantizers of the
/// 256-number blocks share.</summary>
/// <remarks>
/// Both searches try some inverse scales near the obvious one; for the levels that each gives, the best scale follows by weighted least
/// squares. They keep the order of float32 operations of ggml's reference quantizer, so that files agree byte for byte.
/// </remarks>
internal static unsafe class ScaleSearch
{
    private const float Vanishing = 1e-15f;

    /// <summary>Round half to even for |x| &lt; 2²²: 1.5 · 2²³ leaves no bits for a fraction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Nearest(float x) => (BitConverter.SingleToInt32Bits(x + 12582912f) & 0x7fffff) - 0x400000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Nearest(float x, int lowest, int highest) => Math.Clamp(Nearest(x), lowest, highest);

    /// <summary>x ≈ scale · (level − half), levels 0..2·half−1.</summary>
    /// <param name="weights">Of the errors; null: x².</param>
    /// <returns>The scale; 0 if all numbers vanish.</returns>
    public static float Symmetric(float* x, int count, int half, byte* levels, float* weights = null)
    {
        float extreme = BlockRange.Extreme(x, count);
        new Span<byte>(levels, count).Clear();
        if (MathF.Abs(extreme) < Vanishing) return 0;
        float scale = 0, best = 0;
        for (int attempt = 0; attempt < 19; attempt++)
        {
            // The obvious scale first, then 18 around it: -9..-1 and 1..9 tenths of a level.
            int tenths = attempt == 0 ? 0 : attempt <= 9 ? attempt - 10 : attempt - 9;
            float inverse = -(half + 0.1f * tenths) / extreme, products = 0, squares = 0;
            for (int i = 0; i < count; i++)
            {
                int level = Nearest(inverse * x[i], -half, half - 1);
                float weight = weights == null ? x[i] * x[i] : weights[i];
                products += weight * x[i] * level;
                squares += weight * level * level;
            }
            bool better = attempt == 0 || (squares > 0 && products * products > best * squares);
            if (!better) continue;
            for (int i = 0; i < count; i++) levels[i] = (byte)(half + Nearest(inverse * x[i], -half, half - 1));
            scale = squares != 0 ? products / squares : 0;
            best = scale * products;
        }
        return scale;
    }

    /// <summary>x ≈ scale · level − minimum, levels 0..top, minimum not negative.</summary>
    /// <param name="first">First inverse scale tried: top + first levels over the range; then
    /// <paramref name="steps"/> more, each <paramref name="stride"/> further.</param>
    public static (float Scale, float Minimum) Affine(float* x, float* weights, int count, int top, float first, int steps, byte* levels,
        float stride = 0.1f)
    {
        (float smallest, float largest) = BlockRange.Ends(x, count);
        if (smallest > 0) smallest = 0;
        new Span<byte>(levels, count).Clear();
        if (largest == smallest) return (0, -smallest);
        float sumW = 0, sumX = 0;
        for (int i = 0; i < count; i++)
        {
            sumW += weights[i];
            sumX += weights[i] * x[i];
        }
        float inverse = top / (largest - smallest), scale = 1 / inverse, minimum = smallest;
        float least = Error(x, weights, count, top, inverse, smallest, scale, minimum);
        Levels(x, count, top, inverse, smallest, levels);
        for (int step = 0; step <= steps; step++)
        {
            // Ranges begin at the best minimum found so far, not at the smallest number.
            inverse = (first + stride * step + top) / (largest - minimum);
            if (!Fit(x, weights, count, top, inverse, minimum, sumW, sumX, out float fitScale, out float fitMinimum)) continue;
            float error = Error(x, weights, count, top, inverse, minimum, fitScale, fitMinimum);
            if (!(error < least)) continue;
            Levels(x, count, top, inverse, minimum, levels);
            (least, scale, minimum) = (error, fitScale, fitMinimum);
        }
        return (scale, -minimum);
    }

    /// <summary>Weighted least squares of x over the levels that an inverse scale gives.</summary>
    private static bool Fit(
        float* x, float* weights, int count, int top, float inverse, float from, float sumW, float sumX, out float scale, out float minimum)
    {
        float sumL = 0, sumLL = 0, sumXL = 0;
        for (int i = 0; i < count; i++)
        {
            int level = Nearest(inverse * (x[i] - from), 0, top);
            sumL += weights[i] * level;
            sumLL += weights[i] * level * level;
            sumXL += weights[i] * level * x[i];
        }
        float determinant = sumW * sumLL - sumL * sumL;
        scale = (sumW * sumXL - sumX * sumL) / determinant;
        minimum = (sumLL * sumX - sumL * sumXL) / determinant;
        if (minimum > 0) (scale, minimum) = (sumXL / sumLL, 0);
        return determinant > 0;
    }

    private static float Error(float* x, float* weights, int count, int top, float inverse, float from, float scale, float minimum)
    {
        float error = 0;
        for (int i = 0; i < count; i++)
        {
            float difference = scale * Nearest(inverse * (x[i] - from), 0, top) + minimum - x[i];
            error += weights[i] * (difference * difference);
        }
        return error;
    }

    private static void Levels(float* x, int count, int top, float inverse, float from, byte* levels)
    {
        for (int i = 0; i < count; i++) levels[i] = (byte)Nearest(inverse * (x[i] - from), 0, top);
    }

    /// <summary>The search among 37 scales that ggml makes where importances are known.</summary>
    /// <inheritdoc cref="Affine"/>
    public static (float Scale, float Minimum) AffineWeighted(float* x, float* weights, int count, int top, byte* levels)
        => Affine(x, weights, count, top, -0.9f, 36, levels, stride: 0.05f);

    /// <summary>Weights of a block's errors: importance · √(typical² + x²).</summary>
    public static void Weigh(float* x, float* importance, float typicalSquare, int count, float* weights)
    {
        for (int i = 0; i < count; i++) weights[i] = importance[i] * MathF.Sqrt(typicalSquare + x[i] * x[i]);
    }

    /// <summary>x ≈ scale · level, x not negative, levels 0..top: a search, then each level anew as long as that helps.</summary>
    public static float Positive(float* x, float* weights, int count, int top, byte* levels)
    {
        float largest = 0;
        for (int i = 0; i < count; i++) largest = MathF.Max(largest, x[i]);
        new Span<byte>(levels, count).Clear();
        if (largest < Vanishing) return 0;
        float inverse = top / largest, least = PositiveError(x, weights, count, top, inverse);
        for (int tenths = -4; tenths <= 4; tenths++)
        {
            if (tenths == 0) continue;
            float other = (0.1f * tenths + top) / largest, error = PositiveError(x, weights, count, top, other);
            if (error < least) (least, inverse) = (error, other);
        }
        float products = 0, squares = 0;
        for (int i = 0; i < count; i++)
        {
            int level = Math.Min(top, Nearest(inverse * x[i]));
            levels[i] = (byte)level;
            products += weights[i] * x[i] * level;
            squares += weights[i] * level * level;
        }
        for (int round = 0; round < 5 && Improve(x, weights, count, top, levels, ref products, ref squares); round++)
        {
        }
        return squares > 0 ? products / squares : 0;
    }

    private static float PositiveError(float* x, float* weights, int count, int top, float inverse)
    {
        float scale = 1 / inverse, error = 0;
        for (int i = 0; i < count; i++)
        {
            float difference = x[i] - scale * Math.Min(top, Nearest(inverse * x[i]));
            error += weights[i] * difference * difference;
        }
        return error;
    }

    /// <summary>Every level once by the scale that all the others want.</summary>
    private static bool Improve(float* x, float* weights, int count, int top, byte* levels, ref float products, ref float squares)
    {
        bool changed = false;
        for (int i = 0; i < count; i++)
        {
            float others = products - weights[i] * x[i] * levels[i], otherSquares = squares - weights[i] * levels[i] * levels[i];
            if (!(others > 0) || !(otherSquares > 0)) continue;
            int level = Math.Min(top, Nearest(x[i] * otherSquares / others));
            if (level == levels[i]) continue;
            others += weights[i] * x[i] * level;
            otherSquares += weights[i] * level * level;
            if (!(others * others * squares > products * products * otherSquares)) continue;
            (levels[i], products, squares, changed) = ((byte)level, others, otherSquares, true);
        }
        return changed;
    }
}
