using System.Buffers.Binary;

namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Walks the markers of a JPEG (ITU-T T.81, annex B).</summary>
internal static class JpegMarkers
{
    /// <summary>Whether the end-of-image marker is reached. What follows it (padding, a clip appended by a telephone)
    /// does not count.</summary>
    public static bool Complete(Stream stream)
    {
        stream.Seek(2, SeekOrigin.Begin);
        return Walk(stream).IsWhole;
    }

    /// <summary>Whether a second picture of the same size follows the first without a gap: Motion JPEG in no container. Cameras append
    /// previews and depths too, but say so in the first picture (multi-picture format, CIPA DC-007) or give them other sizes.</summary>
    public static bool IsSequence(string path)
    {
        using var stream = new BufferedStream(File.OpenRead(path), 1 << 16);
        stream.Seek(2, SeekOrigin.Begin);
        (bool whole, int size, bool multiPicture) = Walk(stream);
        if (!whole || multiPicture || stream.ReadByte() != 0xFF || stream.ReadByte() != 0xD8) return false;
        return Walk(stream) is { IsWhole: true } second && second.Size == size;
    }

    /// <summary>Reads a picture from behind its first marker to behind its last.</summary>
    private static (bool IsWhole, int Size, bool IsMultiPicture) Walk(Stream stream)
    {
        int size = 0;
        bool multiPicture = false;
        Span<byte> head = stackalloc byte[9]; // of a segment: its length, then up to seven bytes
        for (int marker = NextMarker(stream); marker >= 0; marker = NextMarker(stream))
        {
            if (marker == 0xD9) return (true, size, multiPicture);
            if (marker is 0x00 or 0x01 or (>= 0xD0 and <= 0xD7)) continue; // stuffed byte, restart: no length follows
            if (stream.ReadAtLeast(head[..2], 2, throwOnEndOfStream: false) < 2) break;
            int length = Math.Max(BinaryPrimitives.ReadUInt16BigEndian(head) - 2, 0), read = Math.Min(length, 7);
            if (stream.ReadAtLeast(head.Slice(2, read), read, throwOnEndOfStream: false) < read) break;
            // A frame header holds the bits of a sample, then height and width.
            bool frameHeader = marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) && read >= 5;
            if (frameHeader) size = BinaryPrimitives.ReadInt32BigEndian(head[3..]);
            multiPicture |= marker == 0xE2 && read >= 4 && head.Slice(2, 4).SequenceEqual("MPF\0"u8);
            stream.Seek(length - read, SeekOrigin.Current);
        }
        return (false, size, multiPicture);
    }

    /// <summary>Skips entropy-coded data and fill bytes; the marker's code, or -1 at the end of the file.</summary>
    private static int NextMarker(Stream stream)
    {
        int value = stream.ReadByte();
        while (value >= 0 && value != 0xFF) value = stream.ReadByte();
        while (value == 0xFF) value = stream.ReadByte();
        return value;
    }
}
