namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>Walks the blocks of a GIF (GIF89a specification) without decoding, as far as the second frame.</summary>
internal static class GifFrames
{
    private const int Extension = 0x21, Image = 0x2C, GraphicControl = 0xF9;

    /// <summary>Whether a second frame begins. A broken file has the frames found so far.</summary>
    public static bool MoreThanOne(string path)
    {
        using BufferedStream stream = Open(path);
        return Walk(stream).Begun > 1;
    }

    /// <summary>Whether the data of the first frame are all there.</summary>
    public static bool FirstIsWhole(Stream stream) => Walk(stream).Whole > 0;

    /// <summary>The first frame, as a file of its own.</summary>
    /// <param name="most">Bytes.</param>
    /// <exception cref="InvalidDataException">It is not whole, or has more bytes.</exception>
    public static GifFrame First(string path, long most)
    {
        using BufferedStream stream = Open(path);
        Blocks found = Walk(stream);
        if (found.Whole == 0) throw new InvalidDataException("its first frame is not whole");
        if (found.HeaderEnd + found.ImageEnd - found.ImageStart > most)
            throw new InvalidDataException("its first frame has too many bytes");
        return new GifFrame(Read(stream, 0, found.HeaderEnd), found.Control < 0 ? [] : Read(stream, found.Control, 8),
            Read(stream, found.ImageStart, found.ImageEnd - found.ImageStart));
    }

    private static BufferedStream Open(string path) => new(File.OpenRead(path), 1 << 16);

    /// <summary>Where the parts of the first frame lie in the file, as far as it was walked.</summary>
    /// <param name="Begun">Frames of which the descriptor was seen, at most two.</param>
    /// <param name="Whole">Frames of which the data ended.</param>
    /// <param name="Control">The graphic control extension before the first frame; -1 if there is none.</param>
    private record struct Blocks(int Begun, int Whole, long HeaderEnd, long Control, long ImageStart, long ImageEnd);

    private static Blocks Walk(Stream stream)
    {
        stream.Position = 10;
        SkipColours(stream, stream.ReadByte());
        Skip(stream, 2);
        var found = new Blocks { HeaderEnd = stream.Position, Control = -1 };
        while (true)
        {
            long start = stream.Position;
            int block = stream.ReadByte();
            switch (block)
            {
                case Extension: // label, then sub-blocks
                    if (stream.ReadByte() == GraphicControl && found.Begun == 0) found.Control = start;
                    break;
                case Image: // descriptor, its colours, code size, then sub-blocks
                    if (++found.Begun > 1) return found;
                    found.ImageStart = start;
                    Skip(stream, 8);
                    SkipColours(stream, stream.ReadByte());
                    Skip(stream, 1);
                    break;
                default:
                    return found;
            }
            int length = stream.ReadByte();
            for (; length > 0; length = stream.ReadByte()) Skip(stream, length);
            if (length < 0) return found;
            if (block == Image) (found.Whole, found.ImageEnd) = (found.Whole + 1, stream.Position);
        }
    }

    private static byte[] Read(Stream stream, long start, long length)
    {
        var bytes = new byte[length];
        stream.Position = start;
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static void SkipColours(Stream stream, int flags)
    {
        if (flags > 0 && (flags & 0x80) != 0) Skip(stream, 3 << ((flags & 7) + 1));
    }

    private static void Skip(Stream stream, int bytes) => stream.Seek(bytes, SeekOrigin.Current);
}
