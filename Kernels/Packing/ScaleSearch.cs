using System.Numerics;
using System.Runtime.CompilerServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Searches for the scale of a group of numbers whose rounded levels lose least: what the quantizers of the
/// 256-number blocks share.</summary>
/// <remarks>
/// Both searches try some inverse scales near the obvious one; for the levels that each gives, the best scale follows by weighted least
/// squares. They keep the order of float32 operations of ggml's reference quantizer, so that files agree byte for byte: the lanes of a
/// register hold attempts, not neighbours.
/// </remarks>
internal static unsafe class ScaleSearch
{
    private const float Vanishing = 1e-15f;

    /// <summary>Round half to even for |x| &lt; 2²²: 1.5 · 2²³ leaves no bits for a fraction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Nearest(float x) => (BitConverter.SingleToInt32Bits(x + 12582912f) & 0x7fffff) - 0x400000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Nearest(float x, int lowest, int highest) => Math.Clamp(Nearest(x), lowest, highest);

    /// <summary>Levels of several numbers, as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Nearest(Vector<float> x, Vector<int> lowest, Vector<int> highest)
    {
        Vector<int> bits = Vector.AsVectorInt32(x + new Vector<float>(12582912f));
        Vector<int> level = (bits & new Vector<int>(0x7fffff)) - new Vector<int>(0x400000);
        return Vector.ConvertToSingle(Vector.Min(Vector.Max(level, lowest), highest));
    }

    /// <summary>x ≈ scale · (level − half), levels 0..2·half−1.</summary>
    /// <param name="weights">Of the errors; null: x².</param>
    /// <returns>The scale; 0 if all numbers vanish.</returns>
    public static float Symmetric(float* x, int count, int half, byte* levels, float* weights = null)
    {
        const int Attempts = 19, Lanes = 32;
        float extreme = BlockRange.Extreme(x, count);
        new Span<byte>(levels, count).Clear();
        if (MathF.Abs(extreme) < Vanishing) return 0;
        float* inverses = stackalloc float[Lanes], products = stackalloc float[Lanes], squares = stackalloc float[Lanes];
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            // The obvious scale first, then 18 around it: -9..-1 and 1..9 tenths of a level.
            int tenths = attempt == 0 ? 0 : attempt <= 9 ? attempt - 10 : attempt - 9;
            inverses[attempt] = -(half + 0.1f * tenths) / extreme;
        }
        for (int attempt = 0; attempt < Attempts; attempt += Vector<float>.Count)
            Sums(x, count, half, weights, inverses + attempt, products + attempt, squares + attempt);
        int best = 0;
        float scale = 0, most = 0;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            float product = products[attempt], square = squares[attempt];
            if (attempt > 0 && !(square > 0 && product * product > most * square)) continue;
            scale = square != 0 ? product / square : 0;
            (best, most) = (attempt, scale * product);
        }
        for (int i = 0; i < count; i++) levels[i] = (byte)(half + Nearest(inverses[best] * x[i], -half, half - 1));
        return scale;
    }

    /// <summary>Weighted products and squares of levels, of one inverse scale in each lane.</summary>
    private static void Sums(float* x, int count, int half, float* weights, float* inverses, float* products, float* squares)
    {
        Vector<float> inverse = *(Vector<float>*)inverses, product = default, square = default;
        Vector<int> lowest = new(-half), highest = new(half - 1);
        for (int i = 0; i < count; i++)
        {
            float weight = weights == null ? x[i] * x[i] : weights[i];
            Vector<float> level = Nearest(inverse * x[i], lowest, highest);
            product += level * (weight * x[i]);
            square += level * weight * level;
        }
        *(Vector<float>*)products = product;
        *(Vector<float>*)squares = square;
    }

    /// <summary>x ≈ scale · level − minimum, levels 0..top, minimum not negative.</summary>
    /// <param name="count">32 at most.</param>
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
        float inverse = top / (largest - smallest), from = smallest, scale = 1 / inverse, minimum = smallest;
        float least = Error(x, weights, count, top, inverse, smallest, scale, minimum);
        Span<float> inverses = stackalloc float[Vector<float>.Count];
        for (int step = 0; step <= steps;)
        {
            // Ranges begin at the best minimum found so far, not at the smallest number: behind a better one the rest is tried anew.
            for (int lane = 0; lane < inverses.Length; lane++)
                inverses[lane] = (first + stride * (step + lane) + top) / (largest - minimum);
            LaneFit fit = Fit(x, weights, count, top, new Vector<float>(inverses), minimum, sumW, sumX);
            int tried = Math.Min(inverses.Length, steps + 1 - step), better = 0;
            while (better < tried && !(fit.Determinant[better] > 0 && fit.Error[better] < least)) better++;
            step += Math.Min(better + 1, tried);
            if (better == tried) continue;
            (inverse, from) = (inverses[better], minimum);
            (least, scale, minimum) = (fit.Error[better], fit.Scale[better], fit.Minimum[better]);
        }
        for (int i = 0; i < count; i++) levels[i] = (byte)Nearest(inverse * (x[i] - from), 0, top);
        return (scale, -minimum);
    }

    /// <summary>Of one inverse scale in each lane: what fits best, and the error that it leaves.</summary>
    private readonly record struct LaneFit(Vector<float> Determinant, Vector<float> Scale, Vector<float> Minimum, Vector<float> Error);

    /// <summary>Weighted least squares of x over the levels that inverse scales give.</summary>
    private static LaneFit Fit(float* x, float* weights, int count, int top, Vector<float> inverse, float from, float sumW, float sumX)
    {
        Vector<float>* levels = stackalloc Vector<float>[32];
        Vector<int> highest = new(top);
        Vector<float> sumL = default, sumLL = default, sumXL = default;
        for (int i = 0; i < count; i++)
        {
            Vector<float> level = Nearest(inverse * (x[i] - from), Vector<int>.Zero, highest), weighted = level * weights[i];
            levels[i] = level;
            sumL += weighted;
            sumLL += weighted * level;
            sumXL += weighted * x[i];
        }
        Vector<float> determinant = sumLL * sumW - sumL * sumL, scale = (sumXL * sumW - sumL * sumX) / determinant;
        Vector<float> minimum = (sumLL * sumX - sumL * sumXL) / determinant;
        Vector<int> isPositive = Vector.GreaterThan(minimum, Vector<float>.Zero);
        scale = Vector.ConditionalSelect(isPositive, sumXL / sumLL, scale);
        minimum = Vector.ConditionalSelect(isPositive, Vector<float>.Zero, minimum);
        Vector<float> error = default;
        for (int i = 0; i < count; i++)
        {
            Vector<float> difference = scale * levels[i] + minimum - new Vector<float>(x[i]);
            error += difference * difference * weights[i];
        }
        return new LaneFit(determinant, scale, minimum, error);
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
