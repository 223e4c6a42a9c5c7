namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>How to read a picture.</summary>
public sealed record PictureOptions
{
    /// <summary>What is used where nothing is said.</summary>
    public static PictureOptions Default { get; } = new();

    /// <summary>What an orientation in the file does.</summary>
    public ExifHandling Exif { get; init; } = ExifHandling.Upright;

    /// <summary>Longest side that is decoded, in pixels.</summary>
    public int MaxSide { get; init; } = 16_384;

    /// <summary>Most pixels that are decoded: a few kilobytes of PNG can ask for gigabytes.</summary>
    public long MaxPixels { get; init; } = 120_000_000;
}
