namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The containers (FFmpeg's demuxers) that are opened: those that hold coded pictures themselves.</summary>
/// <remarks>Left out on purpose: what names other files or addresses (hls, dash, concat, imf, sdp, rtsp), what draws text (tty, bin, xbin,
/// adf, idf), series of pictures (image2, the pipes), devices, data without a structure, and sound. FFmpeg takes the list as its option
/// format_whitelist, so that such a file is not even looked into.</remarks>
internal static class Containers
{
    public static string Allowed { get; } = string.Join(',', (string[])
    [
        "3dostr", "4xm", "amv", "anm", "apng", "argo_cvg", "asf", "asf_o", "av1", "avi", "avs", "avs2", "avs3", "bethsoftvid", "bfi",
        "bink", "bmv", "c93", "cavsvideo", "cdxl", "cine", "cdg", "dhav", "dirac", "dnxhd", "dsicin", "dv", "dxa", "ea", "evc",
        "film_cpk", "filmstrip", "flic", "flv", "frm", "gdv", "gif", "gxf", "h261", "h263", "h264", "hevc", "hnm", "idcin", "iff", "ifv",
        "ingenient", "ipmovie", "ipu", "iv8", "ivf", "ivr", "jv", "kux", "lmlm4", "luodat", "lvf", "lxf", "m4v", "matroska", "mgsts",
        "mjpeg", "mjpeg_2000", "mlv", "mm", "moflex", "mov", "mpeg", "mpegts", "mpegtsraw", "mpegvideo", "mpjpeg", "msnwctcp", "mtv",
        "mv", "mvi", "mxf", "mxg", "nc", "nsv", "nut", "nuv", "obu", "ogg", "paf", "pmp", "psxstr", "pva", "r3d", "rl2", "rm", "roq",
        "rpl", "sdr2", "ser", "sga", "siff", "smjpeg", "smk", "smush", "swf", "thp", "tiertexseq", "tmv", "ty", "vc1", "vc1test",
        "vividas", "vivo", "vmd", "vvc", "wc3movie", "webm", "wsvqa", "wtv", "wv", "xmv", "xvag", "yop", "yuv4mpegpipe",
    ]);
}
