using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The oracle of clips: all frames that the installed ffmpeg shows when it decodes a file from end to end.</summary>
/// <param name="Frames">(Height, Width, 3) bytes each, scaled to the size of the first.</param>
internal sealed record SequentialDecode(int Width, int Height, IReadOnlyList<byte[]> Frames)
{
    /// <summary>Needs the program ffmpeg.</summary>
    /// <param name="width">What the first frame's width should be, upright; the oracle has its own.</param>
    /// <param name="input">Options of the input.</param>
    public static SequentialDecode Of(string path, int width, int height, params string[] input)
    {
        string filters = $"showinfo=checksum=0,scale={width}:{height},format=rgb24";
        (byte[] all, string log) = Run("ffmpeg", ["-v", "info", "-nostdin", .. input, "-i", path, "-map", "0:V:0", "-vf", filters,
            FfmpegProgram.FrameModeOption, "passthrough", "-f", "rawvideo", "-"]);
        Match first = Regex.Match(log, @"showinfo.* n: *0 .* s:(\d+)x(\d+) ");
        Assert.True(first.Success, $"ffmpeg shows no frame of {path}");
        (int trueWidth, int trueHeight) = (int.Parse(first.Groups[1].Value), int.Parse(first.Groups[2].Value));
        return (trueWidth, trueHeight) == (width, height) ? new SequentialDecode(width, height, [.. all.Chunk(width * height * 3)])
            : Of(path, trueWidth, trueHeight, input);
    }

    /// <summary>Times of the frames in seconds on the file's clock, as ffprobe decodes them; NaN where there is none, or one that is later
    /// than a frame behind it. A start a little below zero is a sound's, and not counted.</summary>
    public static double[] Times(string path)
    {
        string[] lines = Lines("ffprobe", "-v", "quiet", "-select_streams", "V:0", "-of", "csv=p=0", "-show_entries",
            "format=start_time:frame=best_effort_timestamp_time", path);
        double start = Number(lines[^1]);
        double[] stamps = [.. lines[..^1].Select(line => Number(line.Split(',')[0]))];
        if (start is < 0 and > -0.2) start = Math.Min(0, stamps[0]);
        return [.. stamps.Select((stamp, i) => stamps.Skip(i + 1).Any(later => later <= stamp) ? double.NaN : stamp - start)];
    }

    /// <summary>Largest and mean difference of the channels of one frame.</summary>
    public (int Largest, double Mean) Differs(int index, Frame frame)
    {
        Assert.Equal((Width, Height), (frame.Width, frame.Height));
        int largest = 0;
        long total = 0;
        byte[] expected = Frames[index];
        for (int i = 0; i < expected.Length; i++)
        {
            int difference = Math.Abs(expected[i] - frame.Rgb[i]);
            total += difference;
            largest = Math.Max(largest, difference);
        }
        return (largest, (double)total / expected.Length);
    }

    /// <summary>What a program writes to standard output and to standard error.</summary>
    public static (byte[] Output, string Log) Run(string program, params IEnumerable<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        return (output.ToArray(), errors.Result);
    }

    private static string[] Lines(string program, params IEnumerable<string> arguments)
        => System.Text.Encoding.UTF8.GetString(Run(program, arguments).Output).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static double Number(string text)
        => double.TryParse(text, CultureInfo.InvariantCulture, out double number) ? number : double.NaN;
}
