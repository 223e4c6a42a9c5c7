using System.Buffers.Binary;

namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Walks the chunks of a PNG (W3C Portable Network Graphics, third edition).</summary>
internal static class PngChunks
{
    /// <summary>Whether the picture is an animation of more than one frame: a chunk acTL before the first data says so.</summary>
    public static bool IsAnimated(string path)
    {
        using var stream = new BufferedStream(File.OpenRead(path), 1 << 12);
        stream.Seek(8, SeekOrigin.Begin);
        Span<byte> head = stackalloc byte[12]; // length, kind, first four bytes of the data
        while (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            if (head[4..8].SequenceEqual("IDAT"u8)) return false;
            if (head[4..8].SequenceEqual("acTL"u8)) return BinaryPrimitives.ReadUInt32BigEndian(head[8..]) > 1;
            stream.Seek(BinaryPrimitives.ReadUInt32BigEndian(head), SeekOrigin.Current); // the rest of the data, and four of checksum
        }
        return false;
    }
}
