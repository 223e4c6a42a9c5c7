using System.Globalization;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>What ffprobe says of a video stream: size as shown, rate, and a time for each packet or decoded frame.</summary>
internal sealed class FfprobeReport
{
    public int Width { get; private set; }
    public int Height { get; private set; }
    public double FramesPerSecond { get; private set; }

    /// <summary>(time in seconds, key frame) of each packet or frame, in the file's order.</summary>
    public List<(double Seconds, bool Key)> Frames { get; } = [];

    /// <summary>Reads lines of ffprobe's "compact" format: the kind, then key=value, separated by bars.</summary>
    public static FfprobeReport Read(string path, IEnumerable<string> lines, ClipOptions options)
    {
        var report = new FfprobeReport();
        foreach (string line in lines)
        {
            string[] parts = line.Split('|');
            var values = parts.Where(part => part.Contains('=')).Select(part => part.Split('=', 2))
                .ToLookup(pair => pair[0], pair => pair[1]);
            if (parts[0] == "stream") report.ReadStream(values);
            else if (parts[0] is "packet" or "frame") report.Frames.Add(ReadFrame(values));
            ClipLimits.RequireFrames(path, report.Frames.Count, options);
        }
        return report;
    }

    private void ReadStream(ILookup<string, string> values)
    {
        (Width, Height) = ((int)Number(values, "width", 0), (int)Number(values, "height", 0));
        if (Math.Abs(Number(values, "rotation", 0)) % 180 == 90) (Width, Height) = (Height, Width);
        string[] rate = (values["avg_frame_rate"].FirstOrDefault() ?? "").Split('/');
        if (rate.Length == 2 && Parse(rate[0]) is double top && Parse(rate[1]) is double bottom) FramesPerSecond = top / bottom;
    }

    private static (double, bool) ReadFrame(ILookup<string, string> values)
    {
        double seconds = Number(values, "pts_time", Number(values, "best_effort_timestamp_time", Number(values, "dts_time", double.NaN)));
        return (seconds, (values["flags"].FirstOrDefault() ?? "").StartsWith('K'));
    }

    private static double Number(ILookup<string, string> values, string key, double absent)
        => Parse(values[key].FirstOrDefault()) ?? absent;

    private static double? Parse(string? text)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;
}
