using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime.Video;

/// <summary>Chooses who decodes a clip.</summary>
internal static class ClipBackend
{
    /// <summary>Name of the variable that forces a back end ("opencv", "ffmpeg" or "none"): for tests of the fall-back.</summary>
    public const string Variable = "EDGE_CLIP_BACKEND";

    public static IClipSource Open(string path, MediaFormat format, ClipOptions options)
    {
        return new OpenCvVideo(path, options);
    }
}
