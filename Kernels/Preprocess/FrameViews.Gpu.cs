using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Preprocess;

/// <summary>Frames as a kernel sees them.</summary>
internal readonly struct RgbView(ArrayView<byte> bytes, int count, int height, int width)
{
    public readonly ArrayView<byte> Bytes = bytes;
    public readonly int Count = count, Height = height, Width = width;
}

/// <summary>A <see cref="FixedPointAxis"/> as a kernel sees it.</summary>
internal readonly struct FixedPointView(ArrayView<int> starts, ArrayView<int> weights, int count, int taps, int precision)
{
    public readonly ArrayView<int> Starts = starts, Weights = weights;
    public readonly int Count = count, Taps = taps, Precision = precision;

    public int Half => 1 << (Precision - 1);

    public int Byte(int sum) => XMath.Min(XMath.Max(sum >> Precision, 0), 255);
}

/// <summary>A <see cref="PointAxis"/> as a kernel sees it.</summary>
internal readonly struct PointView(ArrayView<int> positions, MatrixView<Float32> weights)
{
    public readonly ArrayView<int> Positions = positions;
    public readonly MatrixView<Float32> Weights = weights;

    public int Count => Weights.Rows;

    public int Taps => Weights.Columns;
}

internal static class FrameViews
{
    public static RgbView Gpu(this RgbFrames frames)
        => new(IlgpuViews.View<byte>(frames.Buffer, 0, Math.Max(1, frames.Bytes)), frames.Count, frames.Height, frames.Width);

    public static FixedPointView Gpu(this FixedPointAxis axis)
        => new(axis.Starts.Gpu(), axis.Weights.Gpu(), axis.Count, axis.Taps, axis.Precision);

    public static PointView Gpu(this PointAxis axis) => new(axis.Positions.Gpu(), axis.Weights.Gpu());
}
