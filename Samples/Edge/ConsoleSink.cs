using System.Globalization;
using EdgeVideoLlava.Runtime.Live;

namespace EdgeVideoLlava.Edge;

/// <summary>Captions for people: of a live source the UTC time, the time span, then the words, one caption a line.</summary>
internal sealed class ConsoleSink(TextWriter writer) : ICaptionSink
{
    public void Write(Caption caption)
    {
        writer.WriteLine($"{Captured(caption)}{Time(caption.Start)}-{Time(caption.End)}  {Words(caption)}");
        writer.Flush();
    }

    /// <summary>The caption's text as one line that a terminal can show.</summary>
    public static string Words(Caption caption)
        => TerminalText.Printable(string.Join(' ', caption.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));

    private static string Captured(Caption caption)
        => caption.Captured is { } moment ? moment.UtcDateTime.ToString("HH:mm:ss'Z '", CultureInfo.InvariantCulture) : "";

    public static string Time(TimeSpan time)
        => string.Create(CultureInfo.InvariantCulture,
            $"{(long)time.TotalHours:00}:{time.Minutes:00}:{time.Seconds:00}.{time.Milliseconds / 100}");
}
