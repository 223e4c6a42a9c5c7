using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video;

/// <summary>Chooses who decodes a clip: our own reader for YUV4MPEG2, else OpenCV, else the installed ffmpeg.</summary>
public static class ClipBackend
{
    /// <summary>Version of OpenCV's native library, e.g. "4.13.0"; null when it cannot be loaded.</summary>
    public static string? OpenCvVersion => OpenCvVideo.Version;

    /// <summary>Why OpenCV's native library cannot be loaded, in one line; null when it can.</summary>
    public static string? OpenCvMissing => OpenCvVideo.Reason;

    /// <summary>Version of the installed ffmpeg; null when it or ffprobe is not on the search path.</summary>
    public static string? FfmpegVersion => FfmpegProgram.Version;

    /// <summary>Forces a back end ("opencv", "ffmpeg" or "none"), so that tests reach the fall-back on a machine that
    /// has everything.</summary>
    public const string Variable = "EDGE_CLIP_BACKEND";

    internal static IClipSource Open(string path, MediaFormat format, ClipOptions options, CancellationToken cancellation)
    {
        string? forced = options.Backend ?? Environment.GetEnvironmentVariable(Variable);
        if (format.Name == "YUV4MPEG2" && forced is not ("opencv" or "ffmpeg")) return new Y4mVideo(path, options);
        if (forced is not ("ffmpeg" or "none") && OpenCvVideo.IsAvailable) return new OpenCvVideo(path, options, cancellation);
        if (forced is not ("opencv" or "none") && FfmpegProgram.IsAvailable)
        {
            options.Notice?.Invoke(
                $"OpenCV's native library is not used ({Why(forced)}); clips are decoded by ffmpeg {FfmpegProgram.Version}");
            return new FfmpegVideo(path, options, cancellation);
        }
        throw new DeviceUnavailableException($"{path}: clips need OpenCV's native library, which cannot be loaded ({Why(forced)}), or the "
            + $"ffmpeg program: install {MissingLibrary.Video}")
        { Remedies = [MissingLibrary.Video] };
    }

    private static string Why(string? forced) => string.IsNullOrEmpty(forced) ? OpenCvVideo.Reason ?? "not asked for"
        : $"{Variable}={forced}";
}
