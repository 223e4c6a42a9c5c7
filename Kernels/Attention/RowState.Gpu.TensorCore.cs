using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>The running soft-max of a lane's two rows; the maximum is that of the whole row, the sum this lane's share of it.</summary>
internal struct RowState
{
    public float MaximumUpper, MaximumLower, SumUpper, SumLower;

    public static RowState Empty => new() { MaximumUpper = float.NegativeInfinity, MaximumLower = float.NegativeInfinity };

    /// <summary>Scores divided by √d; −∞ where the row does not see the key.</summary>
    /// <param name="key">Of this lane's first column.</param>
    public static StripSums Mask(StripSums scores, int key, KeyRange upper, KeyRange lower, float scale)
    {
        scores.C0 = Mask(scores.C0, key, upper, lower, scale);
        scores.C1 = Mask(scores.C1, key + 8, upper, lower, scale);
        scores.C2 = Mask(scores.C2, key + 16, upper, lower, scale);
        scores.C3 = Mask(scores.C3, key + 24, upper, lower, scale);
        return scores;
    }

    /// <summary>The state with the maxima that the scores make.</summary>
    public static RowState Next(RowState state, StripSums scores)
    {
        float upper = XMath.Max(Largest(scores.C0.X, scores.C0.Y, scores.C1.X, scores.C1.Y),
            Largest(scores.C2.X, scores.C2.Y, scores.C3.X, scores.C3.Y));
        float lower = XMath.Max(Largest(scores.C0.Z, scores.C0.W, scores.C1.Z, scores.C1.W),
            Largest(scores.C2.Z, scores.C2.W, scores.C3.Z, scores.C3.W));
        upper = XMath.Max(upper, Warp.ShuffleXor(upper, 1));
        lower = XMath.Max(lower, Warp.ShuffleXor(lower, 1));
        state.MaximumUpper = XMath.Max(state.MaximumUpper, XMath.Max(upper, Warp.ShuffleXor(upper, 2)));
        state.MaximumLower = XMath.Max(state.MaximumLower, XMath.Max(lower, Warp.ShuffleXor(lower, 2)));
        return state;
    }

    public static StripSums Weights(StripSums scores, RowState state)
    {
        float upper = Finite(state.MaximumUpper), lower = Finite(state.MaximumLower);
        scores.C0 = Weights(scores.C0, upper, lower);
        scores.C1 = Weights(scores.C1, upper, lower);
        scores.C2 = Weights(scores.C2, upper, lower);
        scores.C3 = Weights(scores.C3, upper, lower);
        return scores;
    }

    /// <summary>What the sums so far are multiplied by when the maximum grows.</summary>
    public static float Shrink(float before, float now) => XMath.Exp(before - Finite(now));

    public static RowState Sum(RowState state, StripSums weights, float shrinkUpper, float shrinkLower)
    {
        state.SumUpper = state.SumUpper * shrinkUpper + (weights.C0.X + weights.C0.Y + (weights.C1.X + weights.C1.Y)
            + (weights.C2.X + weights.C2.Y + (weights.C3.X + weights.C3.Y)));
        state.SumLower = state.SumLower * shrinkLower + (weights.C0.Z + weights.C0.W + (weights.C1.Z + weights.C1.W)
            + (weights.C2.Z + weights.C2.W + (weights.C3.Z + weights.C3.W)));
        return state;
    }

    /// <summary>The sum over the four lanes of a row.</summary>
    public static float OfRow(float sum)
    {
        sum += Warp.ShuffleXor(sum, 1);
        return sum + Warp.ShuffleXor(sum, 2);
    }

    // A row that has seen no key yet: its weights are exp(−∞ − 0) = 0, not exp(−∞ + ∞).
    private static float Finite(float maximum) => maximum == float.NegativeInfinity ? 0f : maximum;

    private static float Largest(float a, float b, float c, float d) => XMath.Max(XMath.Max(a, b), XMath.Max(c, d));

    private static F4 Mask(F4 c, int key, KeyRange upper, KeyRange lower, float scale) => new()
    {
        X = Mask(c.X, key, upper, scale),
        Y = Mask(c.Y, key + 1, upper, scale),
        Z = Mask(c.Z, key, lower, scale),
        W = Mask(c.W, key + 1, lower, scale),
    };

    private static float Mask(float score, int key, KeyRange range, float scale)
        => key >= range.First && key < range.End ? score * scale : float.NegativeInfinity;

    private static F4 Weights(F4 c, float upper, float lower) => new()
    {
        X = XMath.Exp(c.X - upper),
        Y = XMath.Exp(c.Y - upper),
        Z = XMath.Exp(c.Z - lower),
        W = XMath.Exp(c.W - lower),
    };
}
