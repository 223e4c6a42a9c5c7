using System.Globalization;
using EdgeVideoLlava.Runtime.Live;

namespace EdgeVideoLlava.Edge;

/// <summary>Captions for people: the time span, then the words, one caption a line.</summary>
internal sealed class ConsoleSink(TextWriter writer) : ICaptionSink
{
    public void Write(Caption caption)
    {
        string words = string.Join(' ', caption.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        writer.WriteLine($"{Time(caption.Start)}-{Time(caption.End)}  {TerminalText.Printable(words)}");
        writer.Flush();
    }

    private static string Time(TimeSpan time)
        => string.Create(CultureInfo.InvariantCulture,
            $"{(long)time.TotalHours:00}:{time.Minutes:00}:{time.Seconds:00}.{time.Milliseconds / 100}");
}
