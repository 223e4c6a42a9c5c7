using System.Diagnostics;
using System.Text;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;
using EdgeVideoLlava.Runtime.Video.Decoders;

namespace EdgeVideoLlava.Edge.Live;

/// <summary>A clip with its captions: as a subtitle track beside untouched pictures and sound, or burnt into the pictures. Made by the
/// installed ffmpeg once all captions are there; appears when it is complete.</summary>
internal sealed class CaptionVideo : ICaptionSink, IDisposable
{
    private readonly string clip, target;
    private readonly bool burns;
    private readonly OutputFile file;
    private readonly string subtitles = Path.Combine(Path.GetTempPath(), $"edge-{Path.GetRandomFileName()}.srt");
    private readonly string made; // not through a pipe: MP4 without a way back has wrong times in its track of captions
    private readonly StreamWriter text;
    private readonly SrtSink sink;

    /// <exception cref="BadInputException">Nothing can be written there.</exception>
    /// <exception cref="DeviceUnavailableException">ffmpeg is not installed.</exception>
    public CaptionVideo(string clip, string target, bool burns, IEnumerable<string> inputs)
    {
        (this.clip, this.target, this.burns) = (clip, target, burns);
        if (FfmpegProgram.Path == null)
            throw new DeviceUnavailableException($"{target}: wants {MissingLibrary.Ffmpeg}") { Remedies = [MissingLibrary.Ffmpeg] };
        made = Path.ChangeExtension(subtitles, Path.GetExtension(target));
        file = new OutputFile(target, inputs);
        text = new StreamWriter(subtitles, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        sink = new SrtSink(text);
    }

    /// <summary>Whether a name is that of a video: .mkv or .mp4.</summary>
    public static bool IsName(string path) => Path.GetExtension(path).ToLowerInvariant() is ".mkv" or ".mp4";

    public void Write(Caption caption) => sink.Write(caption);

    /// <summary>Makes the video.</summary>
    /// <exception cref="BadInputException">ffmpeg cannot.</exception>
    public async Task Complete(CancellationToken cancel)
    {
        await text.DisposeAsync();
        var start = new ProcessStartInfo(FfmpegProgram.Path!, Arguments()) { RedirectStandardError = true };
        using Process ffmpeg = Process.Start(start)!;
        await using CancellationTokenRegistration killed = cancel.Register(ffmpeg.Kill);
        Task<string> errors = ffmpeg.StandardError.ReadToEndAsync(CancellationToken.None);
        await ffmpeg.WaitForExitAsync(cancel);
        if (ffmpeg.ExitCode != 0)
            throw new BadInputException($"{target}: ffmpeg cannot make it ({(await errors).Trim().Split('\n')[^1]})");
        await using (FileStream video = File.OpenRead(made)) await video.CopyToAsync(file.Stream, cancel);
        file.Complete();
    }

    public void Dispose()
    {
        text.Dispose();
        File.Delete(subtitles);
        File.Delete(made);
        file.Dispose();
    }

    private string[] Arguments()
    {
        bool isMp4 = Path.GetExtension(target).Equals(".mp4", StringComparison.OrdinalIgnoreCase);
        string[] form = ["-f", isMp4 ? "mp4" : "matroska"];
        string[] read = ["-v", "error", "-nostdin", "-protocol_whitelist", "file", "-i", $"file:{clip}"];
        return burns ? [.. read, "-map", "0:V:0", "-map", "0:a?", "-vf", $"subtitles={subtitles}", "-c:a", "copy", .. form, made]
            : [.. read, "-protocol_whitelist", "file", "-f", "srt", "-i", $"file:{subtitles}", "-map", "0:V:0", "-map", "0:a?",
                "-map", "1:0", "-c", "copy", "-c:s", isMp4 ? "mov_text" : "srt", .. form, made];
    }
}
