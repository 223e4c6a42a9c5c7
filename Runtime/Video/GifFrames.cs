namespace EdgeVideoLlava.Runtime.Video;

/// <summary>Counts the frames of a GIF without decoding, as far as "more than one".</summary>
internal static class GifFrames
{
    /// <summary>Walks the blocks of GIF89a up to the second image descriptor. A broken file has the frames found so far.</summary>
    public static bool MoreThanOne(string path)
    {
        using var stream = new BufferedStream(File.OpenRead(path), 1 << 16);
        Skip(stream, 10);
        SkipColours(stream, stream.ReadByte());
        Skip(stream, 2);
        int images = 0;
        while (true)
        {
            switch (stream.ReadByte())
            {
                case 0x21: // extension: label, then sub-blocks
                    Skip(stream, 1);
                    break;
                case 0x2C: // image: descriptor, its colours, code size, then sub-blocks
                    if (++images > 1) return true;
                    Skip(stream, 8);
                    SkipColours(stream, stream.ReadByte());
                    Skip(stream, 1);
                    break;
                default:
                    return false;
            }
            for (int length = stream.ReadByte(); length > 0; length = stream.ReadByte()) Skip(stream, length);
        }
    }

    private static void SkipColours(Stream stream, int flags)
    {
        if (flags > 0 && (flags & 0x80) != 0) Skip(stream, 3 << ((flags & 7) + 1));
    }

    private static void Skip(Stream stream, int bytes) => stream.Seek(bytes, SeekOrigin.Current);
}
