using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The installed programs ffmpeg and ffprobe: found on the search path, started without a shell, ended with
/// their reader.</summary>
internal sealed partial class FfmpegProgram : IDisposable
{
    private static readonly Lazy<string?> Ffmpeg = new(() => Find("ffmpeg"));
    private static readonly Lazy<string?> Ffprobe = new(() => Find("ffprobe"));
    private static readonly Lazy<string?> FoundVersion = new(ReadVersion);

    private readonly Process process;
    private readonly CancellationTokenRegistration cancelled;
    private readonly CancellationToken cancellation;
    private readonly BlockingCollection<LoggedFrame> frames = [];
    private readonly bool isLive;
    private double timeBase;
    private bool damaged;

    /// <param name="input">Given to the program's standard input; null: it reads ours.</param>
    /// <param name="isLive">Packets may be missing.</param>
    private FfmpegProgram(string program, IEnumerable<string> arguments, CancellationToken cancellation, string? input = "",
        bool isLive = false)
    {
        this.isLive = isLive;
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = input != null,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        process = Process.Start(start)!;
        if (input != null) Give(input);
        process.ErrorDataReceived += (_, line) => ReadLog(line.Data); // always read: a full pipe would stop the program
        process.BeginErrorReadLine();
        this.cancellation = cancellation;
        cancelled = cancellation.Register(Kill);
    }

    /// <summary>Both programs are installed.</summary>
    public static bool IsAvailable => Ffmpeg.Value != null && Ffprobe.Value != null;

    /// <summary>Where ffmpeg is; null: both programs are not installed.</summary>
    public static string? Path => IsAvailable ? Ffmpeg.Value : null;

    /// <summary>Version as ffmpeg states it, e.g. "5.1.9-0+deb12u1"; null when it is not installed.</summary>
    public static string? Version => FoundVersion.Value;

    /// <summary>The option that passes every frame on once: named so from version 5.1 on.</summary>
    public static string FrameModeOption
    {
        get
        {
            Match number = VersionNumber().Match(Version ?? "");
            bool old = number.Success && (int.Parse(number.Groups[1].Value), int.Parse(number.Groups[2].Value)).CompareTo((5, 1)) < 0;
            return old ? "-vsync" : "-fps_mode";
        }
    }

    /// <summary>Lines that ffmpeg logged as errors so far.</summary>
    public int Errors { get; private set; }

    /// <summary>ffmpeg said that it has no decoder for the stream.</summary>
    public bool LacksDecoder { get; private set; }

    /// <summary>FFmpeg's name of the codec, once its log has told it.</summary>
    public string? Codec { get; private set; }

    /// <summary>The last complaint as ffmpeg worded it, which may hold addresses; null: none.</summary>
    public string? Complaint { get; private set; }

    /// <summary>Starts ffmpeg on a live source; of each frame <see cref="NextFrame"/> tells the size, then its pixels come on
    /// <see cref="ReadExactly"/>.</summary>
    /// <param name="input">For its standard input: what its arguments, which every user of the machine can list, must not say. Null: it
    /// reads our standard input.</param>
    public static FfmpegProgram Watch(IEnumerable<string> arguments, string? input, CancellationToken cancellation)
        => new(Ffmpeg.Value!, arguments, cancellation, input, isLive: true);

    /// <summary>Starts ffmpeg; frames come on <see cref="ReadExactly"/>.</summary>
    public static FfmpegProgram Decode(IEnumerable<string> arguments, CancellationToken cancellation)
        => new(Ffmpeg.Value!, arguments, cancellation);

    /// <summary>The lines that ffprobe prints.</summary>
    public static IEnumerable<string> Probe(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var program = new FfmpegProgram(Ffprobe.Value!, arguments, cancellation);
        while (program.process.StandardOutput.ReadLine() is string line) yield return line;
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Fills the buffer from standard output; false when the program has no more.</summary>
    public bool ReadExactly(byte[] buffer)
    {
        int read = process.StandardOutput.BaseStream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        cancellation.ThrowIfCancellationRequested();
        return read == buffer.Length;
    }

    /// <summary>The next frame as the filter "showinfo" logs it; null when the log has ended.</summary>
    public LoggedFrame? NextFrame()
    {
        try
        {
            return frames.Take(cancellation);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        cancelled.Dispose();
        Kill();
        process.Dispose();
    }

    private void Give(string input)
    {
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended by itself, and says why in its log.
        }
    }

    private void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>A line of the log, which begins with the speaker and its level (option -v level+info).</summary>
    private void ReadLog(string? line)
    {
        if (line == null)
        {
            frames.CompleteAdding();
            return;
        }
        if (ShownFrame().Match(line) is { Success: true } shown)
        {
            frames.Add(new LoggedFrame(Number(shown, 1) * timeBase, shown.Groups[4].Value == "1" && shown.Groups[5].Value == "I",
                (int)Number(shown, 2), (int)Number(shown, 3), damaged));
            damaged = false;
        }
        else if (TimeBase().Match(line) is { Success: true } scale)
        {
            timeBase = Number(scale, 1) / Number(scale, 2);
        }
        else
        {
            if (Codec == null && InputCodec().Match(line) is { Success: true } codec) Codec = codec.Groups[1].Value;
            damaged |= line.Contains("corrupt decoded frame", StringComparison.Ordinal) || isLive && Loss().IsMatch(line);
            LacksDecoder |= NoDecoder().IsMatch(line);
            if (Failure().Match(line) is not { Success: true } failure) return;
            Errors++;
            Complaint = failure.Groups[1].Value;
        }
    }

    private static double Number(Match match, int group)
        => double.TryParse(match.Groups[group].Value, CultureInfo.InvariantCulture, out double number) ? number : double.NaN;

    private static string? ReadVersion()
    {
        if (!IsAvailable) return null;
        using var program = new FfmpegProgram(Ffmpeg.Value!, ["-version"], CancellationToken.None);
        string[] words = (program.process.StandardOutput.ReadLine() ?? "").Split(' ');
        return words.Length > 2 ? words[2] : "unknown";
    }

    private static string? Find(string name)
    {
        if (OperatingSystem.IsWindows()) name += ".exe";
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Where(System.IO.Path.IsPathRooted).Select(folder => System.IO.Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    [GeneratedRegex(@"^n?(\d+)\.(\d+)")]
    private static partial Regex VersionNumber();

    [GeneratedRegex(@"showinfo.*config in time_base: (\d+)/(\d+)")]
    private static partial Regex TimeBase();

    [GeneratedRegex(@"showinfo.* n: *\d+ pts: *(-?\d+|NOPTS) .* s:(\d+)x(\d+) .*iskey:([01]) type:(.)")]
    private static partial Regex ShownFrame();

    [GeneratedRegex(@"^(?:\[[^\]]* @ [^\]]*\] )*\[(?:error|fatal)\] (.*)")]
    private static partial Regex Failure();

    [GeneratedRegex(@"Stream #0:.*: Video: (\w+)")]
    private static partial Regex InputCodec();

    /// <summary>A stream's packets are missing or came late; a decoder does not notice each that it is not given.</summary>
    [GeneratedRegex("corrupt input packet|Packet corrupt|RTP: missed|max delay reached|circular buffer overrun")]
    private static partial Regex Loss();

    [GeneratedRegex(@"Decoder .*not found|no decoder found", RegexOptions.IgnoreCase)]
    private static partial Regex NoDecoder();
}

/// <summary>A frame in ffmpeg's log.</summary>
/// <param name="Seconds">The container's time stamp; NaN: none.</param>
/// <param name="IsKey">An intra-coded picture that the decoder calls a key frame.</param>
/// <param name="Width">Upright.</param>
/// <param name="Height">Upright.</param>
/// <param name="IsDamaged">The decoder reported it as damaged.</param>
internal readonly record struct LoggedFrame(double Seconds, bool IsKey, int Width, int Height, bool IsDamaged);
