using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>Frames of one connection through the installed ffmpeg: one process, which lives as long as the connection.</summary>
/// <remarks>Each frame's size comes from ffmpeg's log before its pixels, so that a stream may change size when it likes. Larger frames than
/// wanted are scaled down inside ffmpeg.</remarks>
/// <param name="name">For people.</param>
/// <param name="input">ffmpeg's arguments up to and with the input.</param>
/// <param name="script">For ffmpeg's standard input; null: it reads ours.</param>
/// <param name="hide">Takes secrets out of what ffmpeg says.</param>
/// <param name="madeUp">The time stamps of Motion JPEG are ffmpeg's, and are left out.</param>
/// <param name="firstIsUndated">As in <see cref="TrustedFrames"/>.</param>
internal sealed class FfmpegFrames(string name, string[] input, string? script = "", Func<string, string>? hide = null, bool madeUp = false,
    bool firstIsUndated = false)
{
    private const int MaxPixels = 40_000_000; // as of a clip

    public IEnumerable<DecodedFrame> Read(LiveOptions options, CancellationToken cancel)
    {
        if (!FfmpegProgram.IsAvailable)
            throw new DeviceUnavailableException($"{name}: wants {MissingLibrary.Ffmpeg}") { Remedies = [MissingLibrary.Ffmpeg] };
        using FfmpegProgram program = FfmpegProgram.Watch(Arguments(options.LongestSide), script, cancel);
        var trusted = new TrustedFrames(firstIsUndated, options.Clock);
        while (program.NextFrame() is { } frame)
        {
            if (frame.Width < 1 || frame.Height < 1 || (long)frame.Width * frame.Height > MaxPixels)
                throw new BadInputException($"{name}: frames of {frame.Width} x {frame.Height} pixels; choose another stream of it");
            byte[] rgb = FrameMemory.Allocate(frame.Width, frame.Height);
            if (!program.ReadExactly(rgb)) break;
            if (!trusted.Trusts(frame, program.Codec))
            {
                FrameMemory.Release(rgb);
                if (trusted.LeftOut == 1)
                    options.Notice?.Invoke($"{name}: packets are missing; frames are left out up to the next whole one");
                continue;
            }
            // Motion JPEG over a network has no time stamps: those that ffmpeg makes up say nothing.
            double seconds = madeUp && program.Codec == "mjpeg" ? double.NaN : frame.Seconds;
            yield return new DecodedFrame(seconds, frame.IsKey, frame.Width, frame.Height, false, rgb);
        }
        cancel.ThrowIfCancellationRequested();
        if (program.Complaint is { } complaint) throw new BadInputException($"{name}: {Reason(complaint)}");
    }

    private string[] Arguments(int side) =>
    [
        "-v", "level+info", "-hide_banner", "-nostats", .. input, "-map", "0:V:0", "-vf",
        $"scale=w='min(iw,{side})':h='min(ih,{side})':force_original_aspect_ratio=decrease,format=rgb24,showinfo=checksum=0",
        FfmpegProgram.FrameModeOption, "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1",
    ];

    /// <summary>What ffmpeg complained of, in our words where they help.</summary>
    private string Reason(string complaint)
    {
        string text = hide?.Invoke(complaint) ?? complaint;
        bool Says(string words) => text.Contains(words, StringComparison.OrdinalIgnoreCase);
        return Says("401") || Says("403") ? "wants another user or password"
            : Says("404") ? "there is no such stream"
            : Says("refused") ? "nobody listens there (connection refused)"
            : Says("resolve") || Says("not known") ? "no such host"
            : Says("timed out") ? "does not answer (timed out)"
            : Says("Input/output error") || Says("End of file") ? "broke off"
            : Says("does not contain any stream") || Says("marking filters") ? "sends no pictures"
            : Says("No such file") ? "there is no such device or stream"
            : Says("Permission denied") ? "may not be opened (permission denied)"
            : Says("resource busy") ? "is in use by another program"
            : $"cannot be read ({text.Trim().TrimEnd('.')})";
    }
}
