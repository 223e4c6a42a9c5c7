namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>How pixels lie in memory: bytes a pixel, and which of them are red, green and blue.</summary>
public sealed record PixelFormat
{
    private readonly int red, green, blue;

    private PixelFormat(string name, int bytes, int red, int green, int blue)
        => (Name, BytesPerPixel, this.red, this.green, this.blue) = (name, bytes, red, green, blue);

    public string Name { get; }

    public int BytesPerPixel { get; }

    public static PixelFormat Rgb { get; } = new("RGB", 3, 0, 1, 2);

    /// <summary>OpenCV's.</summary>
    public static PixelFormat Bgr { get; } = new("BGR", 3, 2, 1, 0);

    public static PixelFormat Rgba { get; } = new("RGBA", 4, 0, 1, 2);

    /// <summary>Of most screens and of Windows bitmaps.</summary>
    public static PixelFormat Bgra { get; } = new("BGRA", 4, 2, 1, 0);

    public static PixelFormat Gray { get; } = new("gray", 1, 0, 0, 0);

    public override string ToString() => Name;

    internal void ToRgb(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        for (int from = 0, to = 0; to < rgb.Length; from += BytesPerPixel, to += 3)
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (row[from + red], row[from + green], row[from + blue]);
    }
}
