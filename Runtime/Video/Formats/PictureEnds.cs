namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Finds pictures that were cut off: decoders fill what is missing with black or gray, and say nothing.</summary>
internal static class PictureEnds
{
    /// <summary>Whether the file holds all data of its (first) picture, whatever its header claims.</summary>
    /// <param name="mostPixels">A larger picture is not looked through: it will be refused for its size.</param>
    /// <exception cref="InvalidDataException">The data are damaged.</exception>
    public static bool Complete(string path, string format, long mostPixels)
    {
        using var stream = new BufferedStream(File.OpenRead(path), 1 << 16);
        return format switch
        {
            "JPEG" => JpegMarkers.Complete(stream),
            "PNG" => PngData.Complete(stream, mostPixels),
            "GIF" => GifFrames.FirstIsWhole(stream),
            "WebP" => WebPChunks.Complete(stream),
            "BMP" => BmpRows.Complete(stream, mostPixels),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "no rule for it"),
        };
    }
}
