using System.Globalization;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>Decodes clips with the installed ffmpeg: rgb24 over a pipe.</summary>
/// <remarks>
/// Packets are listed by ffprobe. Frames are chosen inside ffmpeg, by their time stamps or numbers, and its log says of each which it was.
/// Only local files are opened, whatever a file asks for.
/// </remarks>
/// <param name="format">FFmpeg's name of the container where it is known, else null.</param>
internal sealed class FfmpegStream(string path, string? format, ClipOptions options) : IVideoStream
{
    private readonly string[] input =
    [
        "-protocol_whitelist", "file,pipe", "-format_whitelist", Containers.Allowed,
        .. format == null ? Array.Empty<string>() : ["-f", format], "-i", "file:" + Path.GetFullPath(path),
    ];

    private string codec = "its codec";

    public int Failures { get; private set; }

    public StreamFacts List(CancellationToken cancellation)
    {
        const string Entries = "format=format_name,start_time:stream=codec_name,width,height,avg_frame_rate,nb_frames"
            + ":packet=pts_time,duration_time,flags";
        var report = FfprobeReport.Read(path, FfmpegProgram.Probe(
            [
                "-v", "quiet", "-select_streams", "V:0", "-of", "compact", "-show_entries", Entries,
                .. input,
            ], cancellation), options);
        StreamFacts facts = report.Facts ?? throw NoVideo.In(path);
        codec = facts.Codec;
        return facts;
    }

    public IEnumerable<DecodedFrame> Decode(FrameSelection selection, CancellationToken cancellation)
    {
        using FfmpegProgram program = FfmpegProgram.Decode(Arguments(selection), cancellation);
        int given = 0;
        try
        {
            while (given < selection.Most && Take(program, selection) is DecodedFrame frame)
            {
                given++;
                yield return frame;
            }
            cancellation.ThrowIfCancellationRequested();
            if (given == 0 && program.LacksDecoder) throw new UnfitException($"{codec} has no decoder in the installed ffmpeg");
        }
        finally
        {
            Failures += program.Errors;
        }
    }

    public void Dispose() { }

    private static DecodedFrame? Take(FfmpegProgram program, FrameSelection selection)
    {
        byte[]? rgb = selection.Size is (int width, int height) ? FrameMemory.Allocate(width, height) : null;
        if (rgb != null && !program.ReadExactly(rgb) || program.NextFrame() is not LoggedFrame frame) return null;
        return new DecodedFrame(frame.Seconds, frame.IsKey, frame.Width, frame.Height, frame.IsDamaged, rgb);
    }

    private string[] Arguments(FrameSelection selection)
    {
        string[] place = selection.Entry is double entry ? ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", Text(entry)] : [];
        string[] most = selection.Most < int.MaxValue ? ["-frames:v", Text(selection.Most)] : [];
        string[] sink = selection.Size == null ? ["-f", "null", "-"] : ["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"];
        return
        [
            "-v", "level+info", "-hide_banner", "-nostats", "-nostdin", .. place, "-copyts", .. input,
            "-map", "0:V:0", "-vf", Filters(selection), .. most, FfmpegProgram.FrameModeOption, "passthrough", .. sink,
        ];
    }

    /// <summary>Select, log, scale. Checksums would cost more than all of it.</summary>
    private static string Filters(FrameSelection selection)
    {
        IEnumerable<string> ranges = selection.Times?.Select(range => $"between(t,{Text(range.From)},{Text(range.To)})")
            ?? selection.Numbers?.Select(range => $"between(n,{Text(range.From)},{Text(range.To)})") ?? [];
        string select = string.Join('+', ranges);
        string scale = selection.Size is (int width, int height) ? $",scale={width}:{height},format=rgb24" : "";
        return (select == "" ? "" : $"select='{select}',") + "showinfo=checksum=0" + scale;
    }

    private static string Text(double number) => number.ToString("0.#######", CultureInfo.InvariantCulture);
}
