using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>16 rows and 32 columns of sums in a warp's registers: four fragments of 8 columns side by side
/// (<see cref="PtxIntrinsics.MultiplyAdd"/>).</summary>
internal struct StripSums
{
    public F4 C0, C1, C2, C3;

    /// <summary>sums + A · B over 16 columns of A.</summary>
    /// <param name="left">B's fragments of the first 16 columns: X, Y of the first 8, Z, W of the second.</param>
    /// <param name="right">And of the other 16.</param>
    public static StripSums Add(StripSums sums, U4 a, U4 left, U4 right)
    {
        sums.C0 = PtxIntrinsics.MultiplyAdd(sums.C0, a, new U2 { X = left.X, Y = left.Y });
        sums.C1 = PtxIntrinsics.MultiplyAdd(sums.C1, a, new U2 { X = left.Z, Y = left.W });
        sums.C2 = PtxIntrinsics.MultiplyAdd(sums.C2, a, new U2 { X = right.X, Y = right.Y });
        sums.C3 = PtxIntrinsics.MultiplyAdd(sums.C3, a, new U2 { X = right.Z, Y = right.W });
        return sums;
    }

    /// <summary>Each of this lane's two rows times a factor of its own.</summary>
    public static StripSums Scale(StripSums sums, float upper, float lower)
    {
        sums.C0 = Scale(sums.C0, upper, lower);
        sums.C1 = Scale(sums.C1, upper, lower);
        sums.C2 = Scale(sums.C2, upper, lower);
        sums.C3 = Scale(sums.C3, upper, lower);
        return sums;
    }

    /// <param name="at">This lane's place: row lane / 4, column 2 (lane % 4).</param>
    public readonly void Store(ArrayView<float> target, int at, int stride)
    {
        Store(target, at, stride, C0);
        Store(target, at + 8, stride, C1);
        Store(target, at + 16, stride, C2);
        Store(target, at + 24, stride, C3);
    }

    private static F4 Scale(F4 c, float upper, float lower) => new() { X = c.X * upper, Y = c.Y * upper, Z = c.Z * lower, W = c.W * lower };

    private static void Store(ArrayView<float> target, int at, int stride, F4 fragment)
    {
        target[at] = fragment.X;
        target[at + 1] = fragment.Y;
        target[at + 8 * stride] = fragment.Z;
        target[at + 8 * stride + 1] = fragment.W;
    }
}

/// <summary>Up to four strips: below each other in a product, side by side in attention. Fields, because an array
/// would lie in local memory.</summary>
internal struct WarpSums
{
    public StripSums S0, S1, S2, S3;
}
