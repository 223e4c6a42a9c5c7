namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>How captions are written to a file: subtitles or data.</summary>
/// <param name="Name">srt, vtt or jsonl; also the ending of its files.</param>
/// <param name="Write">A sink that writes to a text.</param>
public sealed record CaptionFormat(string Name, Func<TextWriter, ICaptionSink> Write)
{
    /// <summary>Those that there are.</summary>
    public static IReadOnlyList<CaptionFormat> All { get; } =
    [
        new("srt", writer => new SrtSink(writer)), new("vtt", writer => new VttSink(writer)), new("jsonl", writer => new JsonlSink(writer)),
    ];

    /// <summary>The format that a file's ending says; null: none.</summary>
    public static CaptionFormat? Of(string? path)
        => All.FirstOrDefault(format => string.Equals(Path.GetExtension(path), $".{format.Name}", StringComparison.OrdinalIgnoreCase));
}
