using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>Frames to pixel values: short side to <paramref name="size"/>, the centre square of it, normalised, in
/// the arithmetic of a preset.</summary>
/// <remarks>
/// Follows, value for value, the LanguageBind processors of Video-LLaVA (torchvision 0.15, pytorchvideo) and transformers' Video-LLaVA
/// processors (Pillow, torchvision). Stateless: may be used by several threads.
/// </remarks>
/// <param name="preset">Whose arithmetic.</param>
/// <param name="size">Side of the tower's input in pixels: 224 for the real model.</param>
internal sealed class FramePreprocessor(PreprocessPreset preset, int size) : IFramePreprocessor
{
    public PreprocessPreset Preset { get; } = preset;

    /// <summary>Side of the result in pixels.</summary>
    public int Size { get; } = size > 0 ? size : throw new ArgumentOutOfRangeException(nameof(size));

    // (3, 256): what each byte stands for before resampling (original presets) or after it (the others).
    private readonly float[] table = preset is PreprocessPreset.OriginalImage or PreprocessPreset.OriginalImagePad
        ? Normalization.UnitTable() : Normalization.NormalizedTable();

    public PixelValues Picture(Frame frame)
    {
        var values = new float[3 * Size * Size];
        Write(frame, values);
        return new PixelValues(values, 1, Size, IsClip: false);
    }

    public PixelValues Clip(IEnumerable<Frame> source, int frames)
    {
        int stride = 3 * Size * Size, count = 0;
        var values = new float[frames * stride];
        foreach (Frame frame in source)
        {
            if (count == frames) throw new ArgumentException($"more than {frames} frames came", nameof(source));
            Write(frame, values.AsSpan(count++ * stride, stride));
        }
        if (count != frames) throw new ArgumentException($"{count} of {frames} frames came", nameof(source));
        return new PixelValues(values, frames, Size, IsClip: true);
    }

    public PixelValues Join(IReadOnlyList<PixelValues> frames)
        => new([.. frames.SelectMany(frame => frame.Values)], frames.Count, Size, IsClip: true);

    /// <summary>Writes one frame as (3, Size, Size).</summary>
    public void Write(Frame frame, Span<float> chw)
    {
        if (chw.Length != 3 * Size * Size)
            throw new ArgumentException($"room for {chw.Length} values, not 3 x {Size} x {Size}", nameof(chw));
        switch (Preset)
        {
            case PreprocessPreset.OriginalImage: WritePicture(new Canvas(frame, square: false), chw); break;
            case PreprocessPreset.OriginalImagePad: WritePicture(new Canvas(frame, square: true), chw); break;
            case PreprocessPreset.OriginalVideo: WriteVideoFrame(new Canvas(frame, square: false), chw); break;
            default: WriteAntialiased(frame, chw); break;
        }
    }

    /// <summary>Resamples in 0..1, then normalises: the cubic's overshoot goes beyond white and black.</summary>
    private void WritePicture(Canvas canvas, Span<float> chw)
    {
        ResizeCrop to = ResizeCrop.For(Preset, canvas.Width, canvas.Height, Size);
        PointTaps columns = PointTaps.Bicubic(canvas.Width, to.Width, to.Left, Size);
        PointTaps rows = PointTaps.Bicubic(canvas.Height, to.Height, to.Top, Size);
        Resampler.Point(canvas, table, columns, rows, chw);
        for (int channel = 0; channel < 3; channel++)
        {
            float mean = Normalization.Mean[channel], std = Normalization.Std[channel];
            foreach (ref float value in chw.Slice(channel * Size * Size, Size * Size)) value = (value - mean) / std;
        }
    }

    /// <summary>Normalises, then resamples.</summary>
    private void WriteVideoFrame(Canvas canvas, Span<float> chw)
    {
        ResizeCrop to = ResizeCrop.For(Preset, canvas.Width, canvas.Height, Size);
        PointTaps columns = PointTaps.Bilinear(canvas.Width, to.Width, to.Left, Size);
        PointTaps rows = PointTaps.Bilinear(canvas.Height, to.Height, to.Top, Size);
        Resampler.Point(canvas, table, columns, rows, chw);
    }

    /// <summary>Resamples bytes to bytes, then normalises.</summary>
    private void WriteAntialiased(Frame frame, Span<float> chw)
    {
        ResizeCrop to = ResizeCrop.For(Preset, frame.Width, frame.Height, Size);
        byte[] rgb = Preset == PreprocessPreset.Hf
            ? Resampler.BicubicPillow(frame.Rgb, frame.Width, frame.Height, 3, to, Size, Size)
            : Resampler.BicubicTorchAntialias(frame.Rgb, frame.Width, frame.Height, 3, to, Size, Size);
        int plane = Size * Size;
        for (int i = 0; i < plane; i++)
        {
            for (int channel = 0; channel < 3; channel++) chw[channel * plane + i] = table[channel * 256 + rgb[3 * i + channel]];
        }
    }
}
