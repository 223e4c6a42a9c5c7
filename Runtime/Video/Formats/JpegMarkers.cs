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
        Span<byte> length = stackalloc byte[2];
        for (int marker = NextMarker(stream); marker >= 0; marker = NextMarker(stream))
        {
            if (marker == 0xD9) return true;
            if (marker is 0x00 or 0x01 or (>= 0xD0 and <= 0xD7)) continue; // stuffed byte, restart: no length follows
            if (stream.ReadAtLeast(length, 2, throwOnEndOfStream: false) < 2) return false;
            stream.Seek(Math.Max(BinaryPrimitives.ReadUInt16BigEndian(length) - 2, 0), SeekOrigin.Current);
        }
        return false;
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
