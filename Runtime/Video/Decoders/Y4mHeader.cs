using System.Globalization;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The header line of a YUV4MPEG2 file, and what its samples mean in RGB.</summary>
/// <remarks>
/// Colours: ITU-R BT.601 (the format names no other, and FFmpeg assumes it), limited range (16..235) unless XCOLORRANGE=FULL. Each chroma
/// sample colours its whole block of pixels; in pictures of odd height chroma is interpolated. Both as FFmpeg does.
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
        byte[] rgb = FrameMemory.Allocate(Width, Height);
        ReadOnlySpan<byte> luma = planes[..(Width * Height)];
        var colours = new YuvToRgb(Luma.Bt601, FullRange);
        int step = ChromaX, width = ChromaWidth, height = ChromaHeight;
        ReadOnlySpan<byte> chroma = Mono ? Enumerable.Repeat((byte)128, 2 * width * height).ToArray() : planes[luma.Length..];
        ReadOnlySpan<byte> blue = chroma[..(width * height)], red = chroma[(width * height)..];
        if (Height % 2 == 1 && ChromaX > 1) // FFmpeg takes another way then, which interpolates chroma: down, and across at odd widths
        {
            int wide = Width % 2 == 1 ? Width : width;
            blue = ChromaPlane.Resize(blue, width, height, wide, Height);
            red = ChromaPlane.Resize(red, width, height, wide, Height);
            (step, width, height) = (wide == Width ? 1 : step, wide, Height);
        }
        for (int y = 0; y < Height; y++)
        {
            int from = (height == Height ? y : y / ChromaY) * width;
            colours.Row(luma.Slice(y * Width, Width), blue.Slice(from, width), red.Slice(from, width), step,
                rgb.AsSpan(y * Width * 3, Width * 3));
        }
        return rgb;
    }

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
