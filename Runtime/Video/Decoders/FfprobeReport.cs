using System.Globalization;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>What ffprobe says of a file and its first video stream.</summary>
internal sealed class FfprobeReport
{
    private readonly List<PacketStamp> packets = [];
    private ILookup<string, string>? stream, container;

    /// <summary>Null when there is no video stream.</summary>
    public StreamFacts? Facts => stream == null || Number(stream, "width") is not > 0 ? null : new StreamFacts
    {
        Format = Word(container, "format_name"),
        Codec = Word(stream, "codec_name"),
        Width = (int)Number(stream, "width"),
        Height = (int)Number(stream, "height"),
        FramesPerSecond = Rate(Word(stream, "avg_frame_rate")),
        ContainerStart = Number(container, "start_time"),
        Promised = StreamPromise.Of(Word(container, "format_name"), (long)Math.Max(Number(stream, "nb_frames"), 0)),
        Packets = packets,
    };

    /// <summary>Reads lines of ffprobe's "compact" format: the kind, then key=value, separated by bars.</summary>
    public static FfprobeReport Read(string path, IEnumerable<string> lines, ClipOptions options)
    {
        var report = new FfprobeReport();
        foreach (string line in lines)
        {
            string[] parts = line.Split('|');
            var values = parts.Where(part => part.Contains('=')).Select(part => part.Split('=', 2))
                .ToLookup(pair => pair[0], pair => pair[1]);
            if (parts[0] == "stream") report.stream = values;
            else if (parts[0] == "format") report.container = values;
            else if (parts[0] == "packet") report.packets.Add(Packet(values));
            ClipLimits.RequireFrames(path, report.packets.Count, options);
        }
        return report;
    }

    /// <summary>Flags are letters in places of their own: K key, D left out by an edit list, C corrupt.</summary>
    private static PacketStamp Packet(ILookup<string, string> values)
    {
        string flags = Word(values, "flags");
        double duration = Number(values, "duration_time");
        return new PacketStamp(Number(values, "pts_time"), double.IsNaN(duration) ? 0 : duration, flags.Contains('K'), flags.Contains('D'),
            flags.Contains('C'));
    }

    private static double Rate(string text)
    {
        string[] rate = text.Split('/');
        return rate.Length == 2 ? Parse(rate[0]) / Parse(rate[1]) : 0;
    }

    private static string Word(ILookup<string, string>? values, string key) => values?[key].FirstOrDefault() ?? "";

    private static double Number(ILookup<string, string>? values, string key) => Parse(Word(values, key));

    /// <summary>NaN for what is no number, as "N/A".</summary>
    private static double Parse(string text)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN;
}
