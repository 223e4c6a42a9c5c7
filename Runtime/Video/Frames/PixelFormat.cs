namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>How pixels lie in memory: bytes a pixel, and which of them are red, green and blue.</summary>
public sealed record PixelFormat
{
    private readonly int red, green, blue;

    private PixelFormat(string name, int bytes, int red, int green, int blue)
        => (Name, BytesPerPixel, this.red, this.green, this.blue) = (name, bytes, red, green, blue);

    /// <summary>As messages spell it.</summary>
    public string Name { get; }

    /// <summary>1, 3 or 4.</summary>
    public int BytesPerPixel { get; }

    /// <summary>Red, green, blue.</summary>
    public static PixelFormat Rgb { get; } = new("RGB", 3, 0, 1, 2);

    /// <summary>OpenCV's.</summary>
    public static PixelFormat Bgr { get; } = new("BGR", 3, 2, 1, 0);

    /// <summary>Red, green, blue, and a fourth byte that does not count.</summary>
    public static PixelFormat Rgba { get; } = new("RGBA", 4, 0, 1, 2);

    /// <summary>Of most screens and of Windows bitmaps.</summary>
    public static PixelFormat Bgra { get; } = new("BGRA", 4, 2, 1, 0);

    /// <summary>One byte for all three.</summary>
    public static PixelFormat Gray { get; } = new("gray", 1, 0, 0, 0);

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal void ToRgb(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        for (int from = 0, to = 0; to < rgb.Length; from += BytesPerPixel, to += 3)
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (row[from + red], row[from + green], row[from + blue]);
    }
}
