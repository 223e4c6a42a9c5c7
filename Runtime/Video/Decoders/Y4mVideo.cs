using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>Reads YUV4MPEG2 files: uncompressed frames, so no decoder is needed.</summary>
/// <remarks>
/// Colours C420 (jpeg, mpeg2, paldv), C422, C444 and Cmono with 8 bits. The format is that of mjpegtools' yuv4mpeg(5): a header line, then
/// for each frame a line "FRAME ..." and the planes Y, U, V row by row; chroma planes of odd sizes are rounded up. There are no time
/// stamps:
/// frames follow each other at the header's rate.
/// </remarks>
internal sealed class Y4mVideo : IClipSource
{
    private readonly string path;
    private readonly FileStream stream;
    private readonly Y4mHeader header;
    private readonly List<long> offsets = []; // of each frame's first sample

    public int Width => header.Width;
    public int Height => header.Height;
    public FrameIndex Index { get; }

    public Y4mVideo(string path, ClipOptions options)
    {
        this.path = path;
        stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            header = Y4mHeader.Parse(path, ReadLine() ?? throw Broken("its header line does not end"));
            ClipLimits.RequireSize(path, header.Width, header.Height, options);
            bool cut = FindFrames(options);
            if (offsets.Count == 0) throw Broken("it holds no whole frame");
            if (cut) options.Notice?.Invoke($"{path}: ends inside a frame; the {offsets.Count} whole frames before it are used");
            Index = FrameIndex.Untimed(offsets.Count, header.FramesPerSecond);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public IEnumerable<Frame> Read(IReadOnlyList<int> indices, CancellationToken cancellation)
    {
        var planes = new byte[header.FrameBytes];
        foreach (int index in indices)
        {
            cancellation.ThrowIfCancellationRequested();
            stream.Position = offsets[index];
            if (stream.ReadAtLeast(planes, planes.Length, throwOnEndOfStream: false) < planes.Length)
                throw Broken("it became shorter while it was read");
            yield return new Frame(header.ToRgb(planes), Width, Height, Index.Times[index]);
        }
    }

    public void Dispose() => stream.Dispose();

    /// <summary>Notes where each whole frame begins. True when the file ends inside a frame.</summary>
    private bool FindFrames(ClipOptions options)
    {
        while (stream.Position < stream.Length)
        {
            string? line = ReadLine();
            if (line != null && line != "FRAME" && !line.StartsWith("FRAME ", StringComparison.Ordinal))
                throw Broken($"frame {offsets.Count} does not begin with FRAME");
            if (line == null || stream.Length - stream.Position < header.FrameBytes) return true;
            offsets.Add(stream.Position);
            ClipLimits.RequireFrames(path, offsets.Count, options);
            stream.Position += header.FrameBytes;
        }
        return false;
    }

    /// <summary>A line of at most 1,024 bytes without its end; null when the file ends first.</summary>
    private string? ReadLine()
    {
        Span<char> line = stackalloc char[1024];
        for (int length = 0; ; length++)
        {
            int value = stream.ReadByte();
            if (value < 0) return null;
            if (value == '\n') return new string(line[..length]);
            if (length == line.Length) throw Broken("a header line is longer than 1,024 bytes");
            line[length] = (char)value;
        }
    }

    private BadInputException Broken(string what) => new($"{path}: broken YUV4MPEG2: {what}; write it again");
}
