namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>What a codec's standard promises of its key frames and packets (names as FFmpeg's).</summary>
internal static class KeyFrames
{
    /// <summary>A picture that is intra-coded and a key frame, and all that are shown after it, refer to nothing before it.</summary>
    private static readonly HashSet<string> Independent =
    [
        "h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "h263", "flv1", "msmpeg4v3", "wmv1", "wmv2", "wmv3", "vc1", "vp8", "vp9",
        "av1", "theora", "mjpeg", "prores", "dnxhd", "ffv1", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "dvvideo",
    ];

    /// <summary>Of those, the ones whose packets may hold a frame that is never shown, or two pictures.</summary>
    private static readonly HashSet<string> Hidden = ["vp8", "av1", "mpeg4", "msmpeg4v3"];

    /// <summary>Decoding may begin at such a picture.</summary>
    public static bool AreIndependent(string codec) => Independent.Contains(codec);

    public static bool OnePacketIsOneFrame(string codec) => Independent.Contains(codec) && !Hidden.Contains(codec);
}
