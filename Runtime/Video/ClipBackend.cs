using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video;

/// <summary>Chooses who decodes a clip: our own reader for YUV4MPEG2, else OpenCV's library, else the installed ffmpeg.</summary>
/// <remarks>OpenCV's comes first because it is of one version, with which everything is tested. What it cannot show as it is (AV1) goes to
/// ffmpeg, and the other way round where ffmpeg is asked for.</remarks>
public static class ClipBackend
{
    /// <summary>Version of OpenCV's native library, e.g. "4.13.0"; null when it cannot be loaded.</summary>
    public static string? OpenCvVersion => OpenCvLibrary.Version;

    /// <summary>Why OpenCV's native library cannot be loaded, in one line; null when it can.</summary>
    public static string? OpenCvMissing => OpenCvLibrary.Reason;

    /// <summary>Version of the installed ffmpeg; null when it or ffprobe is not on the search path.</summary>
    public static string? FfmpegVersion => FfmpegProgram.Version;

    /// <summary>Which back end is asked first: "opencv" (default) or "ffmpeg"; "none" allows neither. A stream that the first cannot show
    /// goes to the other.</summary>
    public const string Variable = "EDGE_CLIP_BACKEND";

    /// <summary>Who decodes, whether it is here, and how it opens a file.</summary>
    private sealed record Candidate(string Name, string? Missing, Func<IVideoStream> Open);

    internal static IClipSource Open(string path, MediaFormat format, ClipOptions options, CancellationToken cancellation)
    {
        string? asked = options.Backend ?? Environment.GetEnvironmentVariable(Variable);
        if (format.Name == "YUV4MPEG2" && asked is not ("opencv" or "ffmpeg")) return new Y4mVideo(path, options);
        var reasons = new List<string>();
        MissingLibrary remedy = MissingLibrary.Video;
        foreach (Candidate candidate in Candidates(path, format, asked, options))
        {
            if (candidate.Missing is string missing)
            {
                reasons.Add(missing);
                continue;
            }
            try
            {
                var clip = new DecodedClip(path, candidate.Open(), options, cancellation);
                if (reasons.Count > 0) options.Notice?.Invoke($"{path}: decoded by {candidate.Name} ({string.Join("; ", reasons)})");
                return clip;
            }
            catch (UnfitException e)
            {
                reasons.Add(e.Message);
                remedy = MissingLibrary.Ffmpeg; // OpenCV's library is here, or ffmpeg is and lacks a decoder
            }
        }
        string why = string.Join("; ", reasons);
        throw new DeviceUnavailableException($"{path}: no back end decodes it ({why}): install {remedy}")
        {
            Remedies = [remedy],
        };
    }

    private static IEnumerable<Candidate> Candidates(string path, MediaFormat format, string? asked, ClipOptions options)
    {
        if (asked == "none") return [new Candidate("", $"{Variable}=none", () => throw new InvalidOperationException())];
        string? openCv = OpenCvLibrary.Reason;
        var library = new Candidate($"OpenCV {OpenCvVersion}",
            openCv == null ? null : $"OpenCV's native library cannot be loaded: {openCv}",
            () => new LibavStream(path, format.Demuxer, options));
        var program = new Candidate($"ffmpeg {FfmpegVersion}", FfmpegProgram.IsAvailable ? null : "ffmpeg is not installed",
            () => new FfmpegStream(path, format.Demuxer, options));
        return asked == "ffmpeg" ? [program, library] : [library, program];
    }
}
