using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Tells pictures from clips, and both from everything else, by a file's first bytes; names say nothing.</summary>
/// <remarks>
/// Done before any decoder sees the file: FFmpeg would open a text as an animation of letters and a play list as the files it names.
/// A GIF or PNG with more than one frame is a clip (and <see cref="Pictures"/> reads its first frame too); one with a single frame is a
/// picture. Data that are unknown and not text count as a clip until a decoder has said otherwise (<see cref="Clip.Open"/>): containers are
/// many, and streams may begin in mid-packet.
/// </remarks>
public static class MediaFile
{
    private const int HeadBytes = 512;

    /// <summary>Whether a file is a picture or a clip.</summary>
    /// <exception cref="BadInputException">It does not exist, is empty, or is neither; the message says what it is.</exception>
    public static MediaKind Detect(string path) => Identify(path).Kind;

    /// <summary>As <see cref="Detect"/>, with the format's name.</summary>
    internal static MediaFormat Identify(string path)
    {
        byte[] head = ReadHead(path);
        MediaFormat? format = MediaFormat.Of(head);
        if (format == null)
        {
            if (MediaFormat.OtherName(head) is string other) throw Neither(path, other);
            return new MediaFormat(MediaFormat.UnknownName(head), MediaKind.Clip) { IsGuess = true };
        }
        return format.Name switch
        {
            "GIF" => format with { Kind = GifFrames.MoreThanOne(path) ? MediaKind.Clip : MediaKind.Picture },
            "PNG" when PngChunks.IsAnimated(path) => new MediaFormat("animated PNG", MediaKind.Clip) { Demuxer = "apng" },
            "JPEG" when JpegMarkers.IsSequence(path) => new MediaFormat("Motion JPEG", MediaKind.Clip) { Demuxer = "mjpeg" },
            _ => format,
        };
    }

    /// <summary>The refusal of what is neither a picture nor a clip.</summary>
    internal static BadInputException Neither(string path, string name)
        => new($"{path}: {name}, neither a picture (JPEG, PNG, WebP, BMP, GIF) nor a clip");

    /// <summary>The first bytes of a file.</summary>
    private static byte[] ReadHead(string path)
    {
        if (Directory.Exists(path)) throw new BadInputException($"{path}: a folder; name the picture or clip in it");
        if (path.Contains("://", StringComparison.Ordinal) && !File.Exists(path))
            throw new BadInputException($"{path}: addresses cannot be opened; download the file and name that");
        using FileStream stream = InputFile.Open(path);
        var head = new byte[HeadBytes];
        return head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
    }
}
