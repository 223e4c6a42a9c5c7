using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>Rows of float32 to binary16, each divided by a power of two where its largest number asks for it: the
/// product multiplies it back.</summary>
/// <remarks>
/// x[t,c] = s[t] · y[t,c];   s[t] = 1 while max_c |x[t,c]| &lt; 2^14, else the power of two that brings the maximum between 2^13 and 2^14.
/// x (T, C);  y (T, C) padded with zeros to a multiple of 8 columns;  s (T, 1).
/// Inside a feed-forward block SiLU·up reaches 1e5 and more, where binary16 ends at 65504. Below the threshold nothing changes, so that
/// rows of usual size are rounded as if there were no scale. Infinite and undefined numbers stay what they are.
/// </remarks>
internal static class ScaledHalves
{
    /// <summary>Rows of a group: a warp for each.</summary>
    private const int Rows = 8;

    public const int Items = 32 * Rows;

    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    [Kernel(Group = Items)]
    public static void Kernel(MatrixView<Float32> x, EightsView<Float16> y, MatrixView<Float32> scales)
    {
        int lane = Group.IdxX & 31, row = Grid.IdxX * Rows + (Group.IdxX >> 5);
        if (row >= x.Rows) return; // the whole warp
        float largest = 0f;
        for (int c = lane; c < x.Columns; c += 32) largest = XMath.Max(largest, XMath.Abs(x[row, c]));
        largest = XMath.Max(largest, Warp.ShuffleXor(largest, 16));
        largest = XMath.Max(largest, Warp.ShuffleXor(largest, 8));
        largest = XMath.Max(largest, Warp.ShuffleXor(largest, 4));
        largest = XMath.Max(largest, Warp.ShuffleXor(largest, 2));
        largest = XMath.Max(largest, Warp.ShuffleXor(largest, 1));
        int exponent = XMath.Min((int)(Interop.FloatAsInt(largest) >> 23), 254) - 127, shift = XMath.Max(exponent - 13, 0);
        if (lane == 0) scales[row, 0] = Power(shift);
        float factor = Power(-shift);
        ArrayView<uint> pairs = y.Data.Cast<uint>();
        for (int pair = lane; pair < y.Columns / 2; pair += 32)
        {
            int c = 2 * pair;
            float low = c < x.Columns ? x[row, XMath.Min(c, x.Columns - 1)] : 0f;
            float high = c + 1 < x.Columns ? x[row, XMath.Min(c + 1, x.Columns - 1)] : 0f;
            pairs[row * y.Stride * 4 + pair] = PtxIntrinsics.Halves(low * factor, high * factor);
        }
    }

    private static float Power(int exponent) => Interop.IntAsFloat((uint)(exponent + 127) << 23);

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    public static Index3D Groups(int rows) => new((rows + Rows - 1) / Rows, 1, 1);

    /// <summary>A float32 matrix as halves with the scales of its rows, both in the queue's scratch.</summary>
    public static (EightsView<Float16> Halves, Matrix? Scales) Of(IlgpuQueue queue, Matrix x)
    {
        Matrix halves = queue.Scratch.Take(x.Rows, (x.Columns + 7) / 8 * 8, StorageType.F16), scales = queue.Scratch.Take(x.Rows, 1);
        queue.LaunchGroups(Kernel, Groups(x.Rows), x.Gpu(), halves.Eights<Float16>(), scales.Gpu());
        return (halves.Eights<Float16>(), scales);
    }
}
