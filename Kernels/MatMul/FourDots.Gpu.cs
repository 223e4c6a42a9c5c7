using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>Four sums in registers, each with the numbers of one of four weight rows; the numbers of x are loaded
/// once for all of them.</summary>
internal static class FourDots
{
    public static F4 Add(F4 a, F4 b) => new() { X = a.X + b.X, Y = a.Y + b.Y, Z = a.Z + b.Z, W = a.W + b.W };

    /// <summary>sums + factors · (a·x, b·x, c·x, d·x), eight columns.</summary>
    public static F4 Add(F4 sums, F8 a, F8 b, F8 c, F8 d, F4 factors, F8 x)
    {
        sums.X += factors.X * Dot(a, x);
        sums.Y += factors.Y * Dot(b, x);
        sums.Z += factors.Z * Dot(c, x);
        sums.W += factors.W * Dot(d, x);
        return sums;
    }

    /// <summary>sums + (a·x, b·x, c·x, d·x), four columns.</summary>
    public static F4 Add(F4 sums, F4 a, F4 b, F4 c, F4 d, F4 x)
    {
        sums.X = Dot(sums.X, a, x);
        sums.Y = Dot(sums.Y, b, x);
        sums.Z = Dot(sums.Z, c, x);
        sums.W = Dot(sums.W, d, x);
        return sums;
    }

    public static float Element(F4 sums, int index) => index == 0 ? sums.X : index == 1 ? sums.Y : index == 2 ? sums.Z : sums.W;

    // Two short chains, whose own rounding is small beside the sum's.
    private static float Dot(F8 a, F8 x)
    {
        float low = a.X0 * x.X0, high = a.X4 * x.X4;
        low += a.X1 * x.X1;
        high += a.X5 * x.X5;
        low += a.X2 * x.X2;
        high += a.X6 * x.X6;
        low += a.X3 * x.X3;
        high += a.X7 * x.X7;
        return low + high;
    }

    private static float Dot(float sum, F4 a, F4 x)
    {
        sum += a.X * x.X;
        sum += a.Y * x.Y;
        sum += a.Z * x.Z;
        sum += a.W * x.W;
        return sum;
    }
}
