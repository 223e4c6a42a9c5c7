using System.Diagnostics;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Runtime.Video.Decoders;

namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>The formats and sizes that a Video4Linux camera offers, as the installed ffmpeg lists them.</summary>
internal static partial class CameraModes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Empty: it does not say within a few seconds, or no ffmpeg is installed. Nothing is switched on.</summary>
    public static IReadOnlyList<string> Of(string device)
    {
        if (FfmpegProgram.Path is not { } ffmpeg) return [];
        var start = new ProcessStartInfo(ffmpeg, ["-hide_banner", "-f", "v4l2", "-list_formats", "all", "-i", device])
        { RedirectStandardError = true, RedirectStandardInput = true };
        using Process process = Process.Start(start)!;
        Task<string> log = process.StandardError.ReadToEndAsync();
        if (!log.Wait(Patience)) process.Kill();
        return Read(log.GetAwaiter().GetResult());
    }

    /// <summary>Lines as "[video4linux2,v4l2 @ 0x1] Compressed: mjpeg : Motion-JPEG : 1280x720 640x480".</summary>
    internal static IReadOnlyList<string> Read(string log)
        => [.. Mode().Matches(log).Select(mode => $"{mode.Groups[1].Value} {Blanks().Replace(mode.Groups[2].Value.Trim(), " ")}")];

    [GeneratedRegex(@"^\[[^\]]*v4l2 @[^\]]*\] (?:Raw|Compressed) *: *(\w+) *:.* : ([0-9{][0-9x{}\-, ]*)$", RegexOptions.Multiline)]
    private static partial Regex Mode();

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();
}
