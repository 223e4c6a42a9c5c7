using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video;

/// <summary>An opened clip: its frames counted, their times known, any of them on request. Not for several threads at once.</summary>
public sealed class Clip : IDisposable
{
    private readonly IClipSource source;
    private readonly ClipOptions options;
    private readonly string path;

    private Clip(string path, IClipSource source, ClipOptions options) => (this.path, this.source, this.options) = (path, source, options);

    /// <summary>Width as shown: rotation is applied.</summary>
    public int Width => source.Width;

    /// <summary>Height as shown: rotation is applied.</summary>
    public int Height => source.Height;

    /// <summary>Number of frames that decode, never the container's claim.</summary>
    public int FrameCount => source.Index.Times.Count;

    /// <summary>Start of each frame on the file's clock, ascending. Pictures that begin later than the sound begin above zero.</summary>
    public IReadOnlyList<TimeSpan> Times => source.Index.Times;

    /// <summary>End of the last frame.</summary>
    public TimeSpan Duration => source.Index.Duration;

    /// <summary>Opens a clip and counts its frames: by decoding, or of a long clip by its packets, with the last group of pictures decoded
    /// as proof.</summary>
    /// <exception cref="BadInputException">No such file, no clip, no video stream, no frame that decodes, or beyond
    /// the ceilings.</exception>
    /// <exception cref="DeviceUnavailableException">Neither OpenCV's native library nor the ffmpeg program is on this machine.</exception>
    public static Clip Open(string path, ClipOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= ClipOptions.Default;
        MediaFormat format = MediaFile.Identify(path);
        if (format.Kind == MediaKind.Picture) throw new BadInputException($"{path}: a picture ({format.Name}), not a clip");
        try
        {
            return new Clip(path, ClipBackend.Open(path, format, options, cancellation), options);
        }
        catch (BadInputException) when (format.IsGuess)
        {
            throw MediaFile.Neither(path, format.Name);
        }
    }

    /// <summary>The frames with these indices, in ascending order, one by one; an index may come several times in a row.</summary>
    /// <remarks>One frame is held at a time. Fetching the first frame starts decoding; the clip must stay open until the last.</remarks>
    /// <exception cref="ArgumentException">Indices out of range or not ascending.</exception>
    /// <exception cref="BadInputException">The clip breaks off.</exception>
    public IEnumerable<Frame> Read(IReadOnlyList<int> ascendingIndices, CancellationToken cancellation = default)
    {
        for (int i = 0; i < ascendingIndices.Count; i++)
        {
            int index = ascendingIndices[i];
            if (index < 0 || index >= FrameCount) throw new ArgumentException($"frame {index} of {FrameCount}", nameof(ascendingIndices));
            if (i > 0 && index < ascendingIndices[i - 1])
                throw new ArgumentException("the indices are not ascending", nameof(ascendingIndices));
        }
        if (FrameCount == 1 && ascendingIndices.Count > 1) options.Notice?.Invoke($"{path}: holds one frame; it is repeated");
        return Repeat(ascendingIndices, cancellation);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => source.Dispose();

    private IEnumerable<Frame> Repeat(IReadOnlyList<int> indices, CancellationToken cancellation)
    {
        int at = 0;
        foreach (Frame frame in source.Read([.. indices.Distinct()], cancellation))
        {
            for (int index = indices[at]; at < indices.Count && indices[at] == index; at++) yield return frame;
        }
    }
}
