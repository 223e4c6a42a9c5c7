namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Walks the blocks of a GIF (GIF89a specification) without decoding, as far as the second frame.</summary>
internal static class GifFrames
{
    /// <summary>Whether a second frame begins. A broken file has the frames found so far.</summary>
    public static bool MoreThanOne(string path) => Walk(path).Begun > 1;

    /// <summary>Whether the data of the first frame are all there.</summary>
    public static bool FirstIsWhole(string path) => Walk(path).Whole > 0;

    /// <summary>Frames of which the descriptor was seen, at most two, and frames of which the data ended.</summary>
    private static (int Begun, int Whole) Walk(string path)
    {
        using var stream = new BufferedStream(File.OpenRead(path), 1 << 16);
        Skip(stream, 10);
        SkipColours(stream, stream.ReadByte());
        Skip(stream, 2);
        int begun = 0, whole = 0;
        while (true)
        {
            int block = stream.ReadByte();
            switch (block)
            {
                case 0x21: // extension: label, then sub-blocks
                    Skip(stream, 1);
                    break;
                case 0x2C: // image: descriptor, its colours, code size, then sub-blocks
                    if (++begun > 1) return (begun, whole);
                    Skip(stream, 8);
                    SkipColours(stream, stream.ReadByte());
                    Skip(stream, 1);
                    break;
                default:
                    return (begun, whole);
            }
            int length = stream.ReadByte();
            for (; length > 0; length = stream.ReadByte()) Skip(stream, length);
            if (length < 0) return (begun, whole);
            if (block == 0x2C) whole++;
        }
    }

    private static void SkipColours(Stream stream, int flags)
    {
        if (flags > 0 && (flags & 0x80) != 0) Skip(stream, 3 << ((flags & 7) + 1));
    }

    private static void Skip(Stream stream, int bytes) => stream.Seek(bytes, SeekOrigin.Current);
}
