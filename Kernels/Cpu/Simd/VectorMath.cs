using System.Runtime.CompilerServices;

namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>The activations and the error function for a register of numbers.</summary>
internal static class VectorMath
{
    // Beyond this the complement of erf is below half of float32's last place before 1.
    private const float ErfOne = 3.92f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Silu<V>(V x) where V : unmanaged, ILanes<V> => x / (V.All(1) + V.Exp(V.Zero - x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V QuickGelu<V>(V x) where V : unmanaged, ILanes<V> => x / (V.All(1) + V.Exp(x * V.All(-1.702f)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Gelu<V>(V x) where V : unmanaged, ILanes<V>
    {
        V half = x * V.All(0.5f);
        return V.MultiplyAdd(half, Erf(x * V.All(0.70710678118654752f)), half);
    }

    /// <summary>d/dx x · σ(k x) = σ + k x σ (1 − σ): SiLU with k = 1, quick GELU with k = 1.702.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V SigmoidSlope<V>(V x, float k) where V : unmanaged, ILanes<V>
    {
        // Of -|k x|, so that the exponential never overflows: σ(−a) = e / (1 + e), and 1 − σ(−a) = 1 / (1 + e).
        V scaled = x * V.All(k), e = V.Exp(V.Zero - V.Abs(scaled)), one = V.All(1), high = one / (one + e), low = e * high;
        V sigmoid = V.Less(scaled, V.Zero, low, high);
        return V.MultiplyAdd(scaled * low, high, sigmoid);
    }

    /// <summary>d/dx of the exact GELU: Φ(x) + x φ(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluSlope<V>(V x) where V : unmanaged, ILanes<V>
    {
        V density = V.Exp(x * x * V.All(-0.5f)) * V.All(0.3989422804014327f);
        V half = V.All(0.5f), cumulative = V.MultiplyAdd(half, Erf(x * V.All(0.70710678118654752f)), half);
        return V.MultiplyAdd(x, density, cumulative);
    }

    /// <summary>erf, within 4 units of float32's last place (VectorMathTests).</summary>
    /// <remarks>
    /// |x| &lt; 1: x · P(x²).   Else 1 − exp(−T(|x|)), where T(x) = −log erfc(x): near 1 an error of T counts little.
    /// P and T interpolate at Chebyshev nodes of [0, 1] and [1, 3.92], computed with 50 digits.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Erf<V>(V x) where V : unmanaged, ILanes<V>
    {
        V a = V.Abs(x), square = x * x;
        V p = V.All(7.875874871388078e-05f);
        p = V.MultiplyAdd(p, square, V.All(-0.000801686430349946f));
        p = V.MultiplyAdd(p, square, V.All(0.005189087241888046f));
        p = V.MultiplyAdd(p, square, V.All(-0.02685421146452427f));
        p = V.MultiplyAdd(p, square, V.All(0.11283594369888306f));
        p = V.MultiplyAdd(p, square, V.All(-0.3761262595653534f));
        p = V.MultiplyAdd(p, square, V.All(1.1283791065216064f));
        V b = V.Less(a, V.All(ErfOne), a, V.All(ErfOne)), t = V.All(-1.6704327663319418e-06f);
        t = V.MultiplyAdd(t, b, V.All(4.6687793656019494e-05f));
        t = V.MultiplyAdd(t, b, V.All(-0.0006018819403834641f));
        t = V.MultiplyAdd(t, b, V.All(0.004782323259860277f));
        t = V.MultiplyAdd(t, b, V.All(-0.0264828409999609f));
        t = V.MultiplyAdd(t, b, V.All(0.1101839616894722f));
        t = V.MultiplyAdd(t, b, V.All(0.6317203044891357f));
        t = V.MultiplyAdd(t, b, V.All(1.1302928924560547f));
        t = V.MultiplyAdd(t, b, V.All(-0.00033430533949285746f));
        V beyond = V.CopySign(V.All(1) - V.Exp(V.Zero - t), x);
        return V.Less(a, V.All(1), x * p, beyond);
    }
}
