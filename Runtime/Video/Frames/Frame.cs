namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>A picture, or one picture of a clip: RGB bytes, row-major, upright.</summary>
/// <param name="Rgb">(Height, Width, 3) bytes, dense. Not changed while the frame is in use.</param>
/// <param name="Time">Presentation time from the start of the clip or live source; zero for a picture.</param>
/// <exception cref="ArgumentException">There are fewer or more bytes than the size says, or no pixels.</exception>
public sealed record Frame(byte[] Rgb, int Width, int Height, TimeSpan Time)
{
    /// <summary>(Height, Width, 3) bytes.</summary>
    public byte[] Rgb { get; } = Dense(Rgb, Width, Height);

    /// <summary>When a live source took the picture, by the system's clock; null for a clip's.</summary>
    public DateTimeOffset? Captured { get; init; }

    /// <summary>Its memory is used again once its one reader has let it go (<see cref="FrameMemory.Release(Frame)"/>).</summary>
    internal bool IsRecycled { get; init; }

    /// <summary>Copies pixels of any common layout.</summary>
    /// <param name="pixels">Rows from the top; alpha is left out.</param>
    /// <param name="stride">Bytes from one row to the next; 0: rows are dense.</param>
    /// <exception cref="ArgumentException">The pixels are fewer than size and stride say, or a row is longer than the stride.</exception>
    public static Frame FromPixels(ReadOnlySpan<byte> pixels, int width, int height, PixelFormat format, int stride = 0,
        TimeSpan time = default)
    {
        long row = RequireSize(width, height) * (long)format.BytesPerPixel;
        if (stride == 0) stride = checked((int)row);
        if (stride < row) throw new ArgumentException($"a row of {width} pixels takes {row} bytes, the stride is {stride}", nameof(stride));
        long needed = (height - 1L) * stride + row;
        if (pixels.Length < needed)
            throw new ArgumentException($"{pixels.Length} bytes; {width} x {height} pixels of this format take {needed}", nameof(pixels));
        byte[] rgb = FrameMemory.Allocate(width, height);
        for (int y = 0; y < height; y++) format.ToRgb(pixels.Slice(y * stride, (int)row), rgb.AsSpan(y * width * 3, width * 3));
        return new Frame(rgb, width, height, time);
    }

    private static byte[] Dense(byte[] rgb, int width, int height)
    {
        long wanted = 3L * RequireSize(width, height) * height;
        if (rgb.Length != wanted)
            throw new ArgumentException($"{rgb.Length} bytes; a frame of {width} x {height} pixels has {wanted}, 3 a pixel", nameof(rgb));
        return rgb;
    }

    private static int RequireSize(int width, int height)
        => width > 0 && height > 0 && 4L * width * height <= int.MaxValue ? width
            : throw new ArgumentException($"a frame of {width} x {height} pixels", nameof(width));
}
