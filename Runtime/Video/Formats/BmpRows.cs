using System.Buffers.Binary;

namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Counts the rows of a bitmap (BITMAPFILEHEADER and its successors, as Windows documents them).</summary>
internal static class BmpRows
{
    private const int HeaderBytes = 34, OldHeader = 12;

    private enum Packing : uint
    {
        None,
        RunsOfBytes,
        RunsOfNibbles,
        Masks,
        AlphaMasks = 6,
    }

    /// <summary>Whether the file reaches to the end of its last row; the sizes in its header do not count.</summary>
    public static bool Complete(Stream stream, long mostPixels)
    {
        Span<byte> head = stackalloc byte[HeaderBytes];
        if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length) return false;
        bool old = BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) == OldHeader; // 16-bit sizes, no packing
        long width = old ? BinaryPrimitives.ReadUInt16LittleEndian(head[18..]) : BinaryPrimitives.ReadInt32LittleEndian(head[18..]);
        long height = Math.Abs(old ? BinaryPrimitives.ReadUInt16LittleEndian(head[20..])
            : (long)BinaryPrimitives.ReadInt32LittleEndian(head[22..]));
        if (width <= 0 || width > mostPixels || height > mostPixels / width) return true; // its decoder refuses it
        long start = BinaryPrimitives.ReadUInt32LittleEndian(head[10..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(head[(old ? 24 : 28)..]);
        Packing packing = old ? Packing.None : (Packing)BinaryPrimitives.ReadUInt32LittleEndian(head[30..]);
        stream.Position = start;
        return packing switch
        {
            Packing.None or Packing.Masks or Packing.AlphaMasks => start + (width * bits + 31) / 32 * 4 * height <= stream.Length,
            Packing.RunsOfBytes => RunsEnd(stream, width, height, nibbles: false),
            Packing.RunsOfNibbles => RunsEnd(stream, width, height, nibbles: true),
            _ => true, // its decoder refuses it
        };
    }

    /// <summary>Whether runs end by their mark, or with the last pixel, before the file does.</summary>
    private static bool RunsEnd(Stream stream, long width, long height, bool nibbles)
    {
        long x = 0, y = 0;
        while (y < height - 1 || y == height - 1 && x < width)
        {
            int count = stream.ReadByte(), value = stream.ReadByte();
            if (value < 0) return false;
            switch (count, value)
            {
                case (0, 0): (x, y) = (0, y + 1); break;
                case (0, 1): return true;
                case (0, 2):
                    (int right, int up) = (stream.ReadByte(), stream.ReadByte());
                    if (up < 0) return false;
                    (x, y) = (x + right, y + up);
                    break;
                case (0, _): // so many pixels as they are, filled up to two bytes
                    long bytes = nibbles ? (value + 1) / 2 : value;
                    stream.Seek(bytes + bytes % 2, SeekOrigin.Current);
                    if (stream.Position > stream.Length) return false;
                    x += value;
                    break;
                default: x += count; break;
            }
        }
        return true;
    }
}
