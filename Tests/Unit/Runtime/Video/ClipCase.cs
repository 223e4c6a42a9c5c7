using System.Buffers.Binary;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>A kind of clip: three seconds of 64 x 36 pixels, made by the installed ffmpeg.</summary>
/// <param name="Codec">Of the pictures.</param>
/// <param name="Container">As the file's ending.</param>
/// <param name="Group">none: no B-frames; b: B-frames, or hidden reference frames; open: open groups; refresh: intra refresh.</param>
/// <param name="Sound">none, aac, opus; late02, late5: pictures that begin so much after the sound.</param>
/// <param name="Cut">whole, copy (-ss 1.1 -c copy), middle (cut in mid-group), rotated, mirrored.</param>
internal sealed record ClipCase(string Codec, string Container, string Group, string Sound, string Cut)
{
    private static readonly string[] Codecs = ["h264", "hevc", "mpeg4", "mpeg2", "vp8", "vp9", "av1", "mjpeg", "ffv1"];
    private static readonly string[] Containers = ["mp4", "mov", "mkv", "webm", "avi", "ts", "mpg"];
    private static readonly string[] Groups = ["none", "b", "open", "refresh"];
    private static readonly string[] Sounds = ["none", "aac", "opus", "late02", "late5"];
    private static readonly string[] Cuts = ["whole", "copy", "middle", "rotated", "mirrored"];

    private IReadOnlyList<string> Values => [Codec, Container, Group, Sound, Cut];

    /// <summary>The encoder that ffmpeg needs for it.</summary>
    public string Encoder => Codec switch
    {
        "h264" => "libx264",
        "hevc" => "libx265",
        "mpeg2" => "mpeg2video",
        "vp8" => "libvpx",
        "vp9" => "libvpx-vp9",
        "av1" => "libaom-av1",
        _ => Codec,
    };

    /// <summary>Legal cases, as few as hold every legal pair of values: always the one that adds most pairs.</summary>
    public static IReadOnlyList<ClipCase> Covering()
    {
        List<ClipCase> legal =
        [
            .. from codec in Codecs from container in Containers from gop in Groups from sound in Sounds from cut in Cuts
               let candidate = new ClipCase(codec, container, gop, sound, cut) where candidate.IsLegal select candidate,
        ];
        HashSet<(int, string, int, string)> open = [.. legal.SelectMany(candidate => candidate.Pairs)];
        var chosen = new List<ClipCase>();
        while (open.Count > 0)
        {
            ClipCase best = legal.MaxBy(candidate => candidate.Pairs.Count(open.Contains))!;
            open.ExceptWith(best.Pairs);
            chosen.Add(best);
        }
        return chosen;
    }

    /// <summary>Makes the clip and gives its path.</summary>
    public string Make(string folder)
    {
        string path = Path.Combine(folder, $"clip.{Container}");
        Ffmpeg([.. Inputs, .. Encoding, .. SoundEncoding, path]);
        switch (Cut)
        {
            case "copy":
                string copy = Path.Combine(folder, $"copy.{Container}");
                Ffmpeg(["-ss", "1.1", "-i", path, "-map", "0", "-c", "copy", copy]);
                return copy;
            case "middle":
                byte[] bytes = File.ReadAllBytes(path);
                File.WriteAllBytes(path, bytes[(int)(0.43 * bytes.Length)..]);
                return path;
            case "rotated":
                SetMatrix(path, [0, 1 << 16, 0, -1 << 16, 0, 0]);
                return path;
            case "mirrored":
                SetMatrix(path, [-1 << 16, 0, 0, 0, 1 << 16, 0]);
                return path;
            default:
                return path;
        }
    }

    private bool IsLegal => HoldsCodec && HoldsGroup && HoldsSound && HoldsCut;

    private bool HoldsCodec => Container switch
    {
        "mp4" => Codec is "h264" or "hevc" or "mpeg4" or "mpeg2" or "vp9" or "av1",
        "mov" => Codec is "h264" or "hevc" or "mpeg4" or "mpeg2" or "mjpeg",
        "mkv" => true,
        "webm" => Codec is "vp8" or "vp9" or "av1",
        "avi" => Codec is "h264" or "mpeg4" or "mpeg2" or "vp8" or "mjpeg" or "ffv1",
        "ts" => Codec is "h264" or "hevc" or "mpeg4" or "mpeg2",
        _ => Codec is "mpeg2",
    };

    private bool HoldsGroup => Group switch
    {
        "none" => true,
        "b" => Codec is not ("mjpeg" or "ffv1"),
        "open" => Codec is "h264" or "hevc" or "mpeg2",
        _ => Codec is "h264" or "hevc",
    };

    private bool HoldsSound => Sound switch
    {
        "aac" => Container is not ("webm" or "avi" or "mpg"),
        "opus" => Container is "mp4" or "mkv" or "webm" or "ts",
        _ => true,
    };

    private bool HoldsCut => Cut switch
    {
        "middle" => Container is "ts" or "mpg",
        "rotated" or "mirrored" => Container is "mp4" or "mov",
        _ => true,
    };

    private IEnumerable<(int, string, int, string)> Pairs
        => from i in Enumerable.Range(0, 5) from j in Enumerable.Range(i + 1, 4 - i) select (i, Values[i], j, Values[j]);

    private string[] Inputs
    {
        get
        {
            string[] pictures = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=3"];
            string[] sound = ["-f", "lavfi", "-i", $"sine=r=48000:d={(Sound == "late5" ? 8 : 3)}"];
            return Sound switch
            {
                "none" => pictures,
                // Passed on as they are: filling the time before them would be frames too.
                "late02" => [.. sound, "-itsoffset", "0.2", .. pictures, "-map", "0", "-map", "1", FfmpegProgram.FrameModeOption, "passthrough"],
                "late5" => [.. sound, "-itsoffset", "5", .. pictures, "-map", "0", "-map", "1", FfmpegProgram.FrameModeOption, "passthrough"],
                _ => [.. pictures, .. sound, "-map", "0", "-map", "1"],
            };
        }
    }

    private string[] SoundEncoding => Sound switch
    {
        "none" => [],
        "opus" => ["-c:a", "libopus"],
        _ => Container switch
        {
            "webm" => ["-c:a", "libopus"],
            "avi" or "mpg" => ["-c:a", "mp2"],
            _ => ["-c:a", "aac"],
        },
    };

    /// <summary>A key frame every 20 frames where the codec has others.</summary>
    private string[] Encoding
    {
        get
        {
            bool b = Group != "none";
            string[] common = ["-c:v", Encoder, "-pix_fmt", Codec == "mjpeg" ? "yuvj420p" : "yuv420p", "-g", "20"];
            string refresh = Group == "refresh" ? "intra-refresh=1:" : "", open = Group == "open" ? "open-gop=1:" : "";
            return Codec switch
            {
                "h264" => [.. common, "-preset", "veryfast", "-bf", b && Group != "refresh" ? "3" : "0", "-x264-params",
                    $"{refresh}{open}scenecut=0"],
                "hevc" => [.. common, "-preset", "ultrafast", "-x265-params",
                    $"log-level=none:keyint=20:scenecut=0:{refresh}{(open == "" ? "open-gop=0:" : open)}bframes={(b ? 3 : 0)}"],
                "mpeg4" => [.. common, "-q:v", "3", "-bf", b ? "2" : "0"],
                "mpeg2" => [.. common, "-q:v", "3", "-bf", b ? "2" : "0", .. Group == "open" ? Array.Empty<string>() : ["-flags", "+cgop",
                    "-sc_threshold", "1000000000"]],
                "vp8" or "vp9" => [.. common, "-deadline", "realtime", "-cpu-used", "8", "-auto-alt-ref", b ? "1" : "0", "-lag-in-frames",
                    b ? "10" : "0"],
                "av1" => [.. common, "-cpu-used", "8", "-lag-in-frames", b ? "10" : "0"],
                _ => [.. common, "-q:v", "3"],
            };
        }
    }

    private static void Ffmpeg(string[] arguments)
    {
        (_, string log) = SequentialDecode.Run("ffmpeg", ["-v", "error", "-nostdin", "-y", .. arguments]);
        if (!File.Exists(arguments[^1]) || new FileInfo(arguments[^1]).Length == 0) throw new InvalidOperationException($"not made: {log}");
    }

    /// <summary>Writes the first six numbers of the display matrix into the header of the video track (ISO/IEC 14496-12, tkhd).</summary>
    private static void SetMatrix(string path, int[] matrix)
    {
        byte[] file = File.ReadAllBytes(path);
        for (int at = file.AsSpan().IndexOf("tkhd"u8), from = at; from >= 0; from = Next(file, ref at))
        {
            if (BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 80)) == 0) continue; // no width: the sound's
            for (int i = 0; i < 6; i++) BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(at + 44 + 4 * i), matrix[i]);
        }
        File.WriteAllBytes(path, file);
    }

    private static int Next(byte[] file, ref int at)
    {
        int step = file.AsSpan(at + 4).IndexOf("tkhd"u8);
        return step < 0 ? -1 : at += 4 + step;
    }

    public override string ToString() => string.Join(' ', Values);
}
