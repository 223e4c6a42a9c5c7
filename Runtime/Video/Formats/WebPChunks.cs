using System.Buffers.Binary;

namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Walks the chunks of a WebP file (WebP Container Specification).</summary>
internal static class WebPChunks
{
    /// <summary>Whether the chunk with the pixels, and one with alpha before it, are all there. The size that the file's own header
    /// claims does not count; neither does the filling byte of a chunk of odd length.</summary>
    public static bool Complete(Stream stream)
    {
        stream.Position = 12;
        Span<byte> head = stackalloc byte[8];
        while (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            long length = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]), end = stream.Position + length;
            if (end > stream.Length) return false;
            if (head.StartsWith("VP8 "u8)) return HasFirstPartition(stream, length);
            if (head.StartsWith("VP8L"u8) || head.StartsWith("ANMF"u8)) return true;
            stream.Position = end + length % 2;
        }
        return false;
    }

    /// <summary>A lossy frame (RFC 6386): its tag gives the length of the first partition, after ten bytes; others follow it.</summary>
    private static bool HasFirstPartition(Stream stream, long length)
    {
        Span<byte> tag = stackalloc byte[3];
        if (stream.ReadAtLeast(tag, tag.Length, throwOnEndOfStream: false) < tag.Length) return false;
        long first = (tag[0] | tag[1] << 8 | tag[2] << 16) >> 5;
        return 10 + first < length;
    }
}
