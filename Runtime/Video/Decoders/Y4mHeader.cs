using System.Globalization;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The header line of a YUV4MPEG2 file, and what its samples mean in RGB.</summary>
/// <remarks>
/// Colours: ITU-R BT.601 (the format names no other, and FFmpeg assumes it), limited range (16..235) unless XCOLORRANGE=FULL. Each chroma
/// sample colours its whole block of pixels.
/// </remarks>
internal sealed record Y4mHeader(int Width, int Height, double FramesPerSecond, int ChromaX, int ChromaY, bool Mono, bool FullRange)
{
    private int ChromaWidth => (Width + ChromaX - 1) / ChromaX;
    private int ChromaHeight => (Height + ChromaY - 1) / ChromaY;

    /// <summary>Bytes of one frame: Y, and U and V unless mono.</summary>
    public long FrameBytes => (long)Width * Height + (Mono ? 0 : 2L * ChromaWidth * ChromaHeight);

    public static Y4mHeader Parse(string path, string line)
    {
        int width = 0, height = 0;
        double rate = 0;
        string colour = "420";
        bool full = false;
        foreach (string word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            string value = word[1..];
            switch (word[0])
            {
                case 'W': width = Size(path, word); break;
                case 'H': height = Size(path, word); break;
                case 'F': rate = Rate(value); break;
                case 'C': colour = value; break;
                case 'X': full |= value == "COLORRANGE=FULL"; break;
            }
        }
        (int x, int y, bool mono) = colour switch
        {
            "420" or "420jpeg" or "420mpeg2" or "420paldv" => (2, 2, false),
            "422" => (2, 1, false),
            "444" => (1, 1, false),
            "mono" => (1, 1, true),
            _ => throw new BadInputException(
                $"{path}: YUV4MPEG2 with the colours C{colour}; C420, C422, C444 and Cmono with 8 bits can be read"),
        };
        return new Y4mHeader(width, height, rate, x, y, mono, full);
    }

    /// <summary>(Height, Width, 3) bytes from the planes of one frame.</summary>
    public byte[] ToRgb(ReadOnlySpan<byte> planes)
    {
        var rgb = FrameMemory.Allocate(Width, Height);
        ReadOnlySpan<byte> luma = planes[..(Width * Height)];
        int chroma = Mono ? 0 : ChromaWidth * ChromaHeight;
        ReadOnlySpan<byte> blue = planes.Slice(luma.Length, chroma), red = planes.Slice(luma.Length + chroma, chroma);
        double scale = FullRange ? 1.0 : 255.0 / 219.0, chromaScale = FullRange ? 1.0 : 255.0 / 224.0;
        int black = FullRange ? 0 : 16;
        for (int y = 0, at = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++, at += 3)
            {
                int from = y / ChromaY * ChromaWidth + x / ChromaX;
                double u = Mono ? 0 : (blue[from] - 128) * chromaScale, v = Mono ? 0 : (red[from] - 128) * chromaScale;
                double l = (luma[y * Width + x] - black) * scale;
                rgb[at] = Byte(l + 1.402 * v);
                rgb[at + 1] = Byte(l - 0.344136 * u - 0.714136 * v);
                rgb[at + 2] = Byte(l + 1.772 * u);
            }
        }
        return rgb;
    }

    private static byte Byte(double value) => (byte)Math.Clamp((int)Math.Round(value), 0, 255);

    private static int Size(string path, string word)
        => int.TryParse(word.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int size)
            ? size : throw new BadInputException($"{path}: broken YUV4MPEG2: its header says {word}; write it again");

    private static double Rate(string value)
    {
        string[] parts = value.Split(':');
        uint bottom = 0;
        bool valid = uint.TryParse(parts[0], out uint top) && parts.Length == 2 && uint.TryParse(parts[1], out bottom) && bottom != 0;
        return valid ? (double)top / bottom : 0;
    }
}
