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
    private readonly BlockingCollection<double> frameTimes = [];
    private double timeBase;

    private FfmpegProgram(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        process = Process.Start(start)!;
        process.StandardInput.Close();
        process.ErrorDataReceived += (_, line) => ReadLog(line.Data); // always read: a full pipe would stop the program
        process.BeginErrorReadLine();
        this.cancellation = cancellation;
        cancelled = cancellation.Register(Kill);
    }

    /// <summary>Both programs are installed.</summary>
    public static bool IsAvailable => Ffmpeg.Value != null && Ffprobe.Value != null;

    /// <summary>Version as ffmpeg states it, e.g. "5.1.9-0+deb12u1"; null when it is not installed.</summary>
    public static string? Version => FoundVersion.Value;

    /// <summary>The option that passes every frame on once: named so from version 5.1 on.</summary>
    public static string FrameModeOption
    {
        get
        {
            Match number = Number().Match(Version ?? "");
            bool old = number.Success && (int.Parse(number.Groups[1].Value), int.Parse(number.Groups[2].Value)).CompareTo((5, 1)) < 0;
            return old ? "-vsync" : "-fps_mode";
        }
    }

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

    /// <summary>Time stamp in seconds of the frame read last, as the filter "showinfo" logs it; NaN when it logs none.</summary>
    public double FrameTime()
    {
        try
        {
            return frameTimes.Take(cancellation);
        }
        catch (InvalidOperationException)
        {
            return double.NaN; // the log has ended
        }
    }

    public void Dispose()
    {
        cancelled.Dispose();
        Kill();
        process.Dispose();
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

    private void ReadLog(string? line)
    {
        if (line == null)
        {
            frameTimes.CompleteAdding();
            return;
        }
        if (TimeBase().Match(line) is { Success: true } scale)
            timeBase = double.Parse(scale.Groups[1].Value, CultureInfo.InvariantCulture) / double.Parse(scale.Groups[2].Value,
                CultureInfo.InvariantCulture);
        else if (TimeStamp().Match(line) is { Success: true } stamp)
            frameTimes.Add(double.Parse(stamp.Groups[1].Value, CultureInfo.InvariantCulture) * timeBase);
    }

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
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Where(Path.IsPathRooted).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    [GeneratedRegex(@"^n?(\d+)\.(\d+)")]
    private static partial Regex Number();

    [GeneratedRegex(@"showinfo.*config in time_base: (\d+)/(\d+)")]
    private static partial Regex TimeBase();

    [GeneratedRegex(@"showinfo.* pts: *(-?\d+) ")]
    private static partial Regex TimeStamp();
}
