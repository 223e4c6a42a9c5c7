using System.Globalization;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;

namespace EdgeVideoLlava.Edge;

/// <summary>Captions for people: the time span, then the words, one caption a line.</summary>
internal sealed class ConsoleSink(TextWriter writer) : ICaptionSink
{
    public void Write(Caption caption)
    {
        string words = string.Join(' ', caption.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        writer.WriteLine($"{Time(caption.Start)}-{Time(caption.End)}  {Printable(words)}");
        writer.Flush();
    }

    private static string Time(TimeSpan time)
        => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours:00}:{time.Minutes:00}:{time.Seconds:00}.{time.Milliseconds / 100}");

    /// <summary>A model can say escape sequences; a terminal would obey them.</summary>
    private static string Printable(string text) => string.Concat(text.Where(c => !char.IsControl(c)));
}
