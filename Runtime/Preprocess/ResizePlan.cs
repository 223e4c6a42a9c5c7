using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Preprocess;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>How frames of one size become pixel values on a device: the weights of both axes, made once and kept there.</summary>
internal sealed class ResizePlan : IDisposable
{
    private readonly FixedPointAxis? byteColumns, byteRows;
    private readonly PointAxis? pointColumns, pointRows;

    /// <param name="frame">Any of the frames.</param>
    public ResizePlan(ComputeQueue queue, PreprocessPreset preset, int size, Frame frame)
    {
        (Width, Height) = (frame.Width, frame.Height);
        var canvas = new Canvas(frame, preset == PreprocessPreset.OriginalImagePad);
        ResizeCrop to = ResizeCrop.For(preset, canvas.Width, canvas.Height, size);
        if (IsAntialiased(preset))
        {
            byteColumns = Bytes(queue, preset, new AntialiasTaps(Width, to.Width, to.Left, size));
            byteRows = Bytes(queue, preset, new AntialiasTaps(Height, to.Height, to.Top, size));
            return;
        }
        Func<int, int, int, int, PointTaps> taps = preset == PreprocessPreset.OriginalVideo ? PointTaps.Bilinear : PointTaps.Bicubic;
        pointColumns = Points(queue, taps(canvas.Width, to.Width, to.Left, size), canvas.Left);
        pointRows = Points(queue, taps(canvas.Height, to.Height, to.Top, size), canvas.Top);
    }

    public int Width { get; }
    public int Height { get; }

    /// <summary>Whether a preset resamples bytes (then a byte is looked up in the end), or the floats that bytes stand for.</summary>
    public static bool IsAntialiased(PreprocessPreset preset) => preset is PreprocessPreset.Hf or PreprocessPreset.HfTorchvision;

    /// <param name="colours">As <see cref="ResampleBytes"/> or <see cref="ResamplePoints"/> takes them.</param>
    /// <param name="y">(3 · size, size)</param>
    public void Run(ComputeQueue queue, DeviceBuffer rgb, Matrix colours, Matrix y)
    {
        var frame = new RgbFrames(rgb, 1, Height, Width);
        if (byteColumns != null) ResampleBytes.Run(queue, frame, byteColumns, byteRows!, colours, y);
        else ResamplePoints.Run(queue, frame, pointColumns!, pointRows!, colours, y);
    }

    public void Dispose()
    {
        foreach (IDisposable? axis in (IDisposable?[])[byteColumns, byteRows, pointColumns, pointRows]) axis?.Dispose();
    }

    private static FixedPointAxis Bytes(ComputeQueue queue, PreprocessPreset preset, AntialiasTaps taps)
    {
        int precision = preset == PreprocessPreset.Hf ? Resampler.PillowPrecision : taps.SixteenBitPrecision();
        return new FixedPointAxis(queue, taps.Starts, taps.Fixed(precision), precision);
    }

    /// <param name="margin">Of the frame on its canvas.</param>
    private static PointAxis Points(ComputeQueue queue, PointTaps taps, int margin)
        => new(queue, Array.ConvertAll(taps.Positions, position => position - margin), taps.Weights, taps.Taps);
}
