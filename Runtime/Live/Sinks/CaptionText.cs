using System.Globalization;
using System.Text;

namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>What subtitle formats ask of a cue's text and times.</summary>
internal static class CaptionText
{
    /// <summary>
    /// The text as lines without blank ones (a blank line ends a cue), every kind of line break taken for one, other control
    /// characters dropped. Empty if nothing is left to show.
    /// </summary>
    public static string Lines(string text)
    {
        var lines = new StringBuilder(text.Length);
        foreach (string line in text.Split(['\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029'], StringSplitOptions.TrimEntries))
        {
            int start = lines.Length;
            if (start > 0) lines.Append('\n');
            int before = lines.Length;
            foreach (char c in line)
            {
                if (c == '\t') lines.Append(' ');
                else if (!char.IsControl(c)) lines.Append(c);
            }
            if (lines.Length == before) lines.Length = start;
        }
        return lines.ToString();
    }

    /// <summary>A moment as ISO 8601 in UTC, with milliseconds.</summary>
    public static string Utc(DateTimeOffset moment)
        => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>hh:mm:ss and milliseconds, rounded; hours may have more than two digits.</summary>
    /// <param name="time">Not negative.</param>
    /// <param name="point">What separates the milliseconds: SRT has a comma, WebVTT a point.</param>
    public static string Time(TimeSpan time, char point)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        var rounded = TimeSpan.FromMilliseconds((long)Math.Round(time.TotalMilliseconds));
        return $"{(long)rounded.TotalHours:00}:{rounded.Minutes:00}:{rounded.Seconds:00}{point}{rounded.Milliseconds:000}";
    }
}
