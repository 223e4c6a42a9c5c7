using System.Globalization;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>Decodes clips with the installed ffmpeg: rgb24 over a pipe. Takes OpenCV's place where its native library
/// cannot be loaded.</summary>
/// <remarks>
/// Packets are listed by ffprobe without decoding. Frames are chosen inside ffmpeg by their time stamps, which its
/// log then confirms, so that a seek can only lose frames, never show others: what did not arrive is read again from
/// the start. Only local files are opened, whatever a file asks for.
/// </remarks>
internal sealed class FfmpegVideo : IClipSource
{
    /// <summary>Ranges of frames that one run of ffmpeg selects.</summary>
    private const int MostRanges = 64;

    private readonly string path;
    private readonly string address;
    private readonly ClipOptions options;

    public int Width { get; }
    public int Height { get; }
    public FrameIndex Index { get; }

    public FfmpegVideo(string path, ClipOptions options, CancellationToken cancellation)
    {
        this.path = path;
        this.options = options;
        address = "file:" + Path.GetFullPath(path);
        FfprobeReport report = Probe("packet=pts_time,dts_time,flags", cancellation);
        (Width, Height) = (report.Width, report.Height);
        if (Width == 0)
        {
            throw new BadInputException(
                $"{path}: no video stream that can be decoded (sound alone, or a clip cut before its index); fetch or convert it again");
        }
        ClipLimits.RequireSize(path, Width, Height, options);
        Index = FrameIndex.Of(report.Frames, report.FramesPerSecond);
        if (!LastFrameDecodes(cancellation)) Index = CountByDecoding(cancellation);
    }

    public IEnumerable<Frame> Read(IReadOnlyList<int> indices, CancellationToken cancellation)
    {
        int done = 0;
        while (done < indices.Count)
        {
            int count = GroupLength(indices, done), arrived = 0;
            foreach (bool seek in (bool[])[true, false])
            {
                foreach (Frame frame in Run([.. indices.Skip(done + arrived).Take(count - arrived)], seek, cancellation))
                {
                    arrived++;
                    yield return frame;
                }
                if (arrived == count) break;
            }
            if (arrived < count)
                throw new BadInputException($"{path}: frame {indices[done + arrived]} does not decode; fetch or convert the clip again");
            done += count;
        }
    }

    public void Dispose() { }

    /// <summary>How many of the frames from here on are read in one run: up to the place where seeking saves decoding.</summary>
    private int GroupLength(IReadOnlyList<int> indices, int from)
    {
        int end = from + 1, ranges = 1;
        for (; end < indices.Count && Index.EntryBefore(indices[end]) <= indices[end - 1]; end++)
        {
            if (indices[end] != indices[end - 1] + 1 && ++ranges > MostRanges) break;
        }
        return end - from;
    }

    /// <summary>One run of ffmpeg. Yields the leading frames that arrive: all, or fewer where seeking or decoding lost some.</summary>
    private IEnumerable<Frame> Run(int[] indices, bool seek, CancellationToken cancellation)
    {
        int entry = Index.EntryBefore(indices[0]);
        string[] place = seek && Index.Timed && entry > 0
            ? ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", Seconds(Index.Times[entry])] : [];
        string[] arguments =
        [
            "-v", "info", "-hide_banner", "-nostats", "-nostdin", "-protocol_whitelist", "file,pipe", .. place, "-copyts", "-i", address,
                "-map", "0:V:0",
            "-vf", $"select='{Selection(indices)}',scale={Width}:{Height},showinfo", "-frames:v", Text(indices.Length),
            FfmpegProgram.FrameModeOption, "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1",
        ];
        using FfmpegProgram program = FfmpegProgram.Decode(arguments, cancellation);
        foreach (int index in indices)
        {
            var rgb = FrameMemory.Allocate(Width, Height);
            if (!program.ReadExactly(rgb)) yield break;
            // A frame that was lost would put the next one into its place.
            if (Index.Timed && Index.At(TimeSpan.FromSeconds(program.FrameTime() - Index.Origin)) != index) yield break;
            yield return new Frame(rgb, Width, Height, Index.Times[index]);
        }
    }

    /// <summary>ffmpeg's expression for these frames: ranges of time, or of numbers where there are no times.</summary>
    private string Selection(int[] indices)
    {
        var ranges = new List<string>();
        for (int first = 0, next; first < indices.Length; first = next)
        {
            for (next = first + 1; next < indices.Length && indices[next] == indices[next - 1] + 1;) next++;
            (int from, int to) = (indices[first], indices[next - 1]);
            ranges.Add(Index.Timed
                ? $"between(t,{Seconds(Index.Times[from] - FrameIndex.Tolerance)},{Seconds(Index.Times[to] + FrameIndex.Tolerance)})"
                : $"between(n,{Text(from)},{Text(to)})");
        }
        return string.Join('+', ranges);
    }

    private bool LastFrameDecodes(CancellationToken cancellation)
    {
        int last = Index.Times.Count - 1;
        return last >= 0 && Index.Timed && Run([last], seek: true, cancellation).Any();
    }

    private FrameIndex CountByDecoding(CancellationToken cancellation)
    {
        FfprobeReport report = Probe("frame=best_effort_timestamp_time", cancellation);
        if (report.Frames.Count == 0) throw new BadInputException($"{path}: holds no frame that decodes; fetch or convert the clip again");
        if (report.Frames.Count < Index.Times.Count)
            options.Notice?.Invoke(
                $"{path}: holds {Index.Times.Count} frames, of which {report.Frames.Count} decode; frames are chosen among these");
        return FrameIndex.Of(report.Frames, report.FramesPerSecond);
    }

    private FfprobeReport Probe(string entries, CancellationToken cancellation) => FfprobeReport.Read(path, FfmpegProgram.Probe(
        [
            "-v", "quiet", "-protocol_whitelist", "file,pipe", "-select_streams", "V:0", "-of", "compact",
            "-show_entries", $"stream=width,height,avg_frame_rate:stream_side_data=rotation:{entries}", address,
        ], cancellation), options);

    private string Seconds(TimeSpan time) => (time.TotalSeconds + Index.Origin).ToString("0.0######", CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
