using System.Buffers.Binary;

namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>A format known by its first bytes.</summary>
internal sealed record MediaFormat(string Name, MediaKind Kind)
{
    /// <summary>FFmpeg's name of the container, where FFmpeg must not guess; else null.</summary>
    public string? Demuxer { get; init; }

    /// <summary>We do not know the data: only a decoder can say whether they are a clip.</summary>
    public bool IsGuess { get; init; }

    /// <summary>The picture or clip format that begins so, or null.</summary>
    public static MediaFormat? Of(ReadOnlySpan<byte> head)
    {
        if (Picture(head) is string picture) return new MediaFormat(picture, MediaKind.Picture);
        return ClipName(head) is string clip ? new MediaFormat(clip, MediaKind.Clip) : null;
    }

    private static string? Picture(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return "JPEG";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])) return "PNG";
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8)) return "GIF";
        if (At(head, 0, "RIFF"u8) && At(head, 8, "WEBP"u8)) return "WebP";
        // Two letters prove little: the size of the header that follows must be one of those in use.
        bool bitmap = At(head, 0, "BM"u8) && head.Length >= 18
            && BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) is 12 or 40 or 52 or 56 or 64 or 108 or 124;
        return bitmap ? "BMP" : null;
    }

    private static string? ClipName(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("YUV4MPEG2"u8)) return "YUV4MPEG2";
        if (At(head, 4, "ftyp"u8)) return IsoPicture(head) || IsoSound(head) ? null : "MP4";
        if (At(head, 4, "moov"u8) || At(head, 4, "mdat"u8) || At(head, 4, "free"u8) || At(head, 4, "wide"u8) || At(head, 4, "skip"u8))
            return "QuickTime";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3])) return "Matroska";
        if (At(head, 0, "RIFF"u8) && (At(head, 8, "AVI "u8) || At(head, 8, "AMV "u8))) return "AVI";
        if (head.StartsWith("FLV\x01"u8)) return "FLV";
        if (head.StartsWith("OggS"u8)) return "Ogg";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11])) return "ASF";
        if (head.StartsWith((ReadOnlySpan<byte>)[0, 0, 1, 0xBA]) || head.StartsWith((ReadOnlySpan<byte>)[0, 0, 1, 0xB3])) return "MPEG";
        if (Repeats(head, 0, 188) || Repeats(head, 4, 192)) return "MPEG transport stream";
        if (AnnexB(head)) return "H.264 or H.265 stream";
        if (head.StartsWith("DKIF"u8)) return "IVF";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x06, 0x0E, 0x2B, 0x34])) return "MXF";
        return head.StartsWith("nut/multimedia container"u8) ? "NUT" : null;
    }

    /// <summary>The name of something that is neither a picture nor a clip, for messages; null: unknown.</summary>
    public static string? OtherName(ReadOnlySpan<byte> head)
    {
        if (At(head, 4, "ftyp"u8))
            return IsoPicture(head) ? "a HEIF or AVIF picture (convert it to PNG or JPEG)" : "sound alone, with no video stream";
        if (At(head, 0, "RIFF"u8) && At(head, 8, "WAVE"u8) || head.StartsWith("ID3"u8) || head.StartsWith("fLaC"u8))
            return "sound alone, with no video stream";
        if (head.StartsWith("%PDF"u8)) return "a PDF document";
        if (head.StartsWith("PK\x03\x04"u8)) return "a ZIP archive";
        if (Archive(head)) return "an archive or compressed data (unpack it)";
        if (head.StartsWith("II*\0"u8) || head.StartsWith("MM\0*"u8)) return "a TIFF picture (convert it to PNG or JPEG)";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x7F, 0x45, 0x4C, 0x46])) return "a program";
        return IsText(head) ? "plain text" : null;
    }

    /// <summary>What is said of data that nobody knows.</summary>
    public static string UnknownName(ReadOnlySpan<byte> head)
        => $"unknown data (it begins with {Convert.ToHexString(head[..Math.Min(8, head.Length)])})";

    /// <summary>gzip, bzip2, xz, Zstandard, 7-Zip, RAR, tar.</summary>
    private static bool Archive(ReadOnlySpan<byte> head)
        => head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) || head.StartsWith("BZh"u8)
        || head.StartsWith((ReadOnlySpan<byte>)[0xFD, 0x37, 0x7A, 0x58, 0x5A])
        || head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])
        || head.StartsWith((ReadOnlySpan<byte>)[0x37, 0x7A, 0xBC, 0xAF]) || head.StartsWith("Rar!"u8) || At(head, 257, "ustar"u8);

    private static bool At(ReadOnlySpan<byte> head, int offset, ReadOnlySpan<byte> mark)
        => head.Length >= offset + mark.Length && head.Slice(offset, mark.Length).SequenceEqual(mark);

    /// <summary>Still pictures in the container of MP4. Sequences of them ("avis", "msf1") are clips.</summary>
    private static bool IsoPicture(ReadOnlySpan<byte> head)
        => At(head, 8, "heic"u8) || At(head, 8, "heix"u8) || At(head, 8, "mif1"u8) || At(head, 8, "avif"u8);

    private static bool IsoSound(ReadOnlySpan<byte> head) => At(head, 8, "M4A "u8) || At(head, 8, "M4B "u8);

    /// <summary>The sync byte of transport packets at the start of the first two.</summary>
    private static bool Repeats(ReadOnlySpan<byte> head, int offset, int packet)
        => head.Length > offset + packet && head[offset] == 0x47 && head[offset + packet] == 0x47;

    /// <summary>A start code and a first unit that begins a stream: H.264 parameter set or delimiter, H.265 VPS, SPS
    /// or delimiter.</summary>
    private static bool AnnexB(ReadOnlySpan<byte> head)
    {
        int at = At(head, 0, [0, 0, 0, 1]) ? 4 : At(head, 0, [0, 0, 1]) ? 3 : 0;
        return at > 0 && head.Length > at && (head[at] is 0x09 or 0x27 or 0x47 or 0x67 or 0x40 or 0x42 or 0x46);
    }

    /// <summary>Text in UTF-8, UTF-16 with its mark, or an older encoding: no control characters, and letters mostly ASCII.</summary>
    private static bool IsText(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) return true;
        int plain = 0;
        foreach (byte value in head)
        {
            if (value < 32 && value is not (9 or 10 or 12 or 13)) return false;
            if (value < 128) plain++;
        }
        if (plain >= 0.7 * head.Length) return true;
        // A character cut by the end of the head is still text: leave the last three bytes out of the check.
        int whole = head.Length == 512 ? head.Length - 3 : head.Length;
        while (whole > 0 && whole < head.Length && (head[whole] & 0xC0) == 0x80) whole--;
        return System.Text.Unicode.Utf8.IsValid(head[..whole]);
    }
}
