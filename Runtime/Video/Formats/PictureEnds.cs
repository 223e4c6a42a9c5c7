using System.Buffers.Binary;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Finds pictures that were cut off: decoders fill what is missing with black or gray and say nothing.</summary>
internal static class PictureEnds
{
    /// <summary>Whether the file holds all data that its format says it should. (PNG: its decoder does check.)</summary>
    public static bool Complete(string path, string format) => format switch
    {
        "JPEG" => JpegMarkers.Complete(path),
        "GIF" => GifFrames.FirstIsWhole(path),
        "WebP" => Needed(path, WebP) <= InputFile.Length(path),
        "BMP" => Needed(path, Bmp) <= InputFile.Length(path),
        _ => true,
    };

    private delegate long Rule(ReadOnlySpan<byte> head);

    private static long Needed(string path, Rule rule)
    {
        using FileStream stream = File.OpenRead(path);
        Span<byte> head = stackalloc byte[54];
        int read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return read < 26 ? long.MaxValue : rule(head[..read]);
    }

    /// <summary>RIFF: eight bytes, then as many as the header says.</summary>
    private static long WebP(ReadOnlySpan<byte> head) => 8L + BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);

    /// <summary>Where the pixels begin, and rows padded to four bytes; a compressed bitmap states its size itself.</summary>
    private static long Bmp(ReadOnlySpan<byte> head)
    {
        long start = BinaryPrimitives.ReadUInt32LittleEndian(head[10..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) == 12) // the oldest header: 16-bit sizes, no compression
        {
            long columns = BinaryPrimitives.ReadUInt16LittleEndian(head[18..]), lines = BinaryPrimitives.ReadUInt16LittleEndian(head[20..]);
            return start + Rows(columns, lines, BinaryPrimitives.ReadUInt16LittleEndian(head[24..]));
        }
        if (head.Length < 54) return long.MaxValue;
        long width = BinaryPrimitives.ReadInt32LittleEndian(head[18..]);
        long height = Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(head[22..]));
        bool plain = BinaryPrimitives.ReadUInt32LittleEndian(head[30..]) is 0 or 3;
        return start + (plain ? Rows(width, height, BinaryPrimitives.ReadUInt16LittleEndian(head[28..]))
            : BinaryPrimitives.ReadUInt32LittleEndian(head[34..]));
    }

    private static long Rows(long width, long height, int bits) => (width * bits + 31) / 32 * 4 * height;
}
