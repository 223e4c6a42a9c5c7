using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>The activations inside a kernel: +, ·, / and exp in float32, nothing that a device approximates coarsely.</summary>
internal static class DeviceMath
{
    public static float Silu(float x) => x / (1f + XMath.Exp(-x));

    public static float QuickGelu(float x) => x / (1f + XMath.Exp(-1.702f * x));

    /// <summary>d/dx x · σ(k x): SiLU with k = 1, quick GELU with k = 1.702.</summary>
    public static float SigmoidSlope(float x, float k)
    {
        // Of -|k x|, so that the exponential never overflows.
        float e = XMath.Exp(-XMath.Abs(x * k)), high = 1f / (1f + e), low = e * high;
        return (x < 0 ? low : high) + x * k * low * high;
    }

    /// <summary>d/dx of the exact GELU: Φ(x) + x φ(x).</summary>
    public static float GeluSlope(float x)
    {
        float density = 0.3989422804014327f * XMath.Exp(-0.5f * x * x), tail = 0.5f * Erfc(XMath.Abs(x) * 0.70710678118654752f);
        float cumulative = XMath.Abs(x) < 1.25f ? 0.5f + x * Centre(x * x) : x < 0 ? tail : 1f - tail;
        return cumulative + x * density;
    }

    /// <summary>x · Φ(x), Φ the normal distribution.</summary>
    /// <remarks>
    /// |x| &lt; 1.25: Φ(x) = 1/2 + x · Q(x²), Q interpolates (Φ(x) − 1/2) / x in six Chebyshev nodes: relative error of Q below 1.1e-8
    /// beyond: the smaller tail is erfc(|x|/√2) / 2, so that negative x lose nothing to cancellation
    /// </remarks>
    public static float Gelu(float x)
    {
        if (XMath.Abs(x) < 1.25f) return x * (0.5f + x * Centre(x * x));
        float tail = 0.5f * Erfc(XMath.Abs(x) * 0.70710678118654752f);
        return x * (x < 0 ? tail : 1f - tail);
    }

    private static float Centre(float square)
    {
        float q = -6.8223968e-6f;
        q = q * square + 1.1109203e-4f;
        q = q * square - 1.1839076e-3f;
        q = q * square + 9.9723227e-3f;
        q = q * square - 6.6490216e-2f;
        return q * square + 0.39894228f;
    }

    /// <summary>1 − erf(a) for a ≥ 0.88, where <see cref="Gelu"/> needs it; nearer to 0 it is still right, but to a
    /// few ulps less.</summary>
    /// <remarks>
    /// erfc(a) = exp(−a²) · t · P(s),   t = 1 / (1 + 0.3 a),   s = (t − m) / m' maps 0 ≤ a ≤ 9.5 to 1 ≥ s ≥ −1
    /// P interpolates exp(a²) erfc(a) / t in the nine Chebyshev nodes: relative error below 2.4e-8, half an ulp. Beyond 9.5 exp(−a²) is 0.
    /// </remarks>
    public static float Erfc(float a)
    {
        float t = 1f / (1f + 0.3f * a), s = (t - 0.62987013f) * 2.7017544f;
        float p = -4.5964197e-5f;
        p = p * s - 1.5890392e-4f;
        p = p * s + 4.8868318e-4f;
        p = p * s + 5.8670147e-3f;
        p = p * s + 2.6302622e-2f;
        p = p * s + 7.8343195e-2f;
        p = p * s + 0.17437412f;
        p = p * s + 0.30224918f;
        p = p * s + 0.41258003f;
        return XMath.Exp(-a * a) * t * p;
    }

    /// <summary>binary16 to float32, exactly.</summary>
    /// <param name="half">Its lower 16 bits count.</param>
    public static float HalfToFloat(uint half) => PortableIntrinsics.LowerHalf(half);

    /// <summary>The binary16 number in a word's upper half, exactly.</summary>
    public static float UpperHalfToFloat(uint word) => PortableIntrinsics.UpperHalf(word);

    /// <summary>float32 to the nearest binary16, ties to even; beyond its range infinity, NaN stays one.</summary>
    public static ushort FloatToHalf(float value) => (ushort)PortableIntrinsics.NearestHalf(value);

    /// <summary>Two numbers as binary16 in a word.</summary>
    public static uint TwoHalves(float low, float high) => FloatToHalf(low) | (uint)FloatToHalf(high) << 16;

    /// <summary>a / b rounded to nearest even, in whole numbers: OpenCL lets a device's own division be off by two
    /// and a half units.</summary>
    /// <remarks>a finite, b finite and not 0. Significands as whole numbers of 24 bits; the quotient has 25 bits, the
    /// last for the rounding.</remarks>
    public static float Divide(float a, float b)
    {
        uint bitsA = Interop.FloatAsInt(a), bitsB = Interop.FloatAsInt(b), sign = (bitsA ^ bitsB) & 0x80000000u;
        uint x = Significand(bitsA, out int exponent), y = Significand(bitsB, out int exponentB);
        if (x == 0) return Interop.IntAsFloat(sign);
        exponent += 127 - exponentB;
        if (x < y)
        {
            x <<= 1;
            exponent--;
        }
        ulong dividend = (ulong)x << 24;
        uint quotient = (uint)(dividend / y), rest = (uint)(dividend - (ulong)quotient * y);
        if (exponent >= 255) return Interop.IntAsFloat(sign | 0x7f800000u);
        int dropped = exponent >= 1 ? 1 : 2 - exponent; // bits; more for a subnormal result
        if (dropped > 25) return Interop.IntAsFloat(sign);
        uint kept = quotient >> dropped, half = 1u << (dropped - 1), below = quotient & (2 * half - 1);
        if (below > half || (below == half && (rest != 0 || (kept & 1u) != 0))) kept++;
        if (exponent >= 1) kept += ((uint)exponent << 23) - 0x800000u;
        return Interop.IntAsFloat(sign | kept);
    }

    /// <summary>exp(x) for x ≤ 0 in double, to about a unit of its last place; 0 where that is not a normal number.</summary>
    /// <remarks>exp(x) = 2^n exp(r), |r| ≤ ln 2 / 2, by Taylor's series: what it leaves out is below 2^-57. Not by
    /// XMath, which OpenCL devices have to any accuracy.</remarks>
    public static double Exp(double x)
    {
        if (x < -708.0) return 0;
        int n = (int)(x * 1.4426950408889634 - 0.5);
        // ln 2 in two parts, so that n times the first is exact
        double r = x - n * 0.693147180369123816490 - n * 1.90821492927058770002e-10;
        double e = 1.6059043836821613e-10;
        e = e * r + 2.08767569878681e-09;
        e = e * r + 2.505210838544172e-08;
        e = e * r + 2.755731922398589e-07;
        e = e * r + 2.7557319223985893e-06;
        e = e * r + 2.48015873015873e-05;
        e = e * r + 0.0001984126984126984;
        e = e * r + 0.001388888888888889;
        e = e * r + 0.008333333333333333;
        e = e * r + 0.041666666666666664;
        e = e * r + 0.16666666666666666;
        e = e * r + 0.5;
        e = (e * r + 1.0) * r + 1.0;
        return e * Interop.IntAsFloat((ulong)(n + 1023) << 52);
    }

    /// <summary>24 bits, of which the first is 1, also of a subnormal number; 0 of zero.</summary>
    private static uint Significand(uint bits, out int exponent)
    {
        uint significand = bits & 0x7fffffu;
        exponent = (int)(bits >> 23 & 255u);
        if (exponent != 0) return significand | 0x800000u;
        exponent = 1;
        while (significand != 0 && significand < 0x800000u)
        {
            significand <<= 1;
            exponent--;
        }
        return significand;
    }
}
