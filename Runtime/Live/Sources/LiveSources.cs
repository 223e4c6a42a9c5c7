using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>The live sources that there are.</summary>
public static class LiveSources
{
    /// <summary>A clip shown at its own speed, by the same decoder as when it is read at once.</summary>
    /// <param name="loops">Begins again when it ends, as a camera that never stops.</param>
    public static LiveSource Clip(string path, bool loops = false) => Clip(path, path, loops);

    private static LiveSource Clip(string name, string path, bool loops)
        => new(name, Pace.Held, (_, cancel) => Play(path, loops, cancel)) { Ends = true };

    /// <summary>The pictures and clips of a folder, one after the other in the order of their names.</summary>
    /// <param name="picture">How long a picture is shown.</param>
    /// <param name="isLive">At their own speed; else as fast as they are asked for.</param>
    public static LiveSource Folder(string path, TimeSpan picture, bool isLive)
        => new(path, isLive ? Pace.Held : Pace.Recorded, (_, cancel) => new FolderFrames(path, picture).Read(cancel)) { Ends = true };

    /// <summary>A stream, by the installed ffmpeg.</summary>
    /// <remarks>ffmpeg learns the address from its standard input and not from its arguments, which every user of a machine can list.
    /// </remarks>
    public static LiveSource Url(StreamAddress address)
    {
        bool isRtp = address.Scheme.StartsWith("rtsp", StringComparison.Ordinal);
        string[] transport = isRtp ? ["option rtsp_flags prefer_tcp"] : [];
        // The stream is looked at until its size is known, its rate is not measured; the list's own reader need not look again.
        string[] lines =
        [
            "ffconcat version 1.0", $"file '{address.Secret}'", "option analyzeduration 10000000", "option fpsprobesize 0", .. transport,
        ];
        string[] input =
        [
            "-analyzeduration", "0", "-fpsprobesize", "0", "-thread_type", "slice", // frames of several threads come late
            "-protocol_whitelist", $"pipe,{address.Protocols}", "-format_whitelist", $"concat,rtsp,hls,{Containers.Allowed}",
            "-f", "concat", "-safe", "0", "-i", "pipe:0",
        ];
        var frames = new FfmpegFrames(address.Shown, input, string.Join('\n', lines) + "\n", address.Hide, madeUp: true, isRtp);
        return new LiveSource(address.Shown, address.IsAhead ? Pace.Held : Pace.AsTaken, frames.Read) { OwnsMemory = true };
    }

    /// <summary>Frames on standard input, by the installed ffmpeg: YUV4MPEG2, Motion JPEG, or another container that can be read from its
    /// start to its end.</summary>
    /// <param name="isLive">They come as they are taken, and those that nobody takes in time are lost.</param>
    public static LiveSource StandardInput(bool isLive)
    {
        string[] input = ["-protocol_whitelist", "pipe", "-format_whitelist", Containers.Allowed, "-i", "pipe:0"];
        return new LiveSource("standard input", isLive ? Pace.AsTaken : Pace.Recorded,
            new FfmpegFrames("standard input", input, script: null, madeUp: isLive).Read)
        { Ends = true, OwnsMemory = true };
    }

    /// <summary>A camera by its number or device file; or "test", a clip that is played over and over.</summary>
    /// <param name="name">N, /dev/videoN, test, or test:FILE.</param>
    /// <param name="demo">The clip of "test".</param>
    /// <exception cref="BadInputException">No camera has such a name.</exception>
    public static LiveSource Camera(string name, string demo)
    {
        if (name == "test") return Clip("test camera", demo, loops: true);
        if (name.StartsWith("test:", StringComparison.Ordinal)) return Clip(name["test:".Length..], loops: true);
        string device = name.All(char.IsAsciiDigit) && name.Length is 1 or 2 ? $"/dev/video{name}" : name;
        if (!device.StartsWith("/dev/", StringComparison.Ordinal))
            throw new BadInputException($"{name}: no name of a camera; there are numbers, /dev/videoN, test and test:FILE");
        return new LiveSource(device, Pace.AsTaken, new CameraFrames(device).Read) { OwnsMemory = true };
    }

    private static IEnumerable<DecodedFrame> Play(string path, bool loops, CancellationToken cancel)
    {
        using Clip clip = Video.Clip.Open(path, cancellation: cancel);
        int[] all = [.. Enumerable.Range(0, clip.FrameCount)];
        TimeSpan begin = TimeSpan.Zero, round = clip.Duration - clip.Times[0];
        do
        {
            foreach (Frame frame in clip.Read(all, cancel))
                yield return new DecodedFrame((begin + frame.Time).TotalSeconds, false, frame.Width, frame.Height, false, frame.Rgb);
            begin += round;
        }
        while (loops);
    }
}
