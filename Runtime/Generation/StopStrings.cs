namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Ends a streamed text before the stop string that is complete first, wherever pieces are cut.</summary>
/// <remarks>
/// Of two that end at the same character the longer one counts. Text that may be the beginning of a stop string is held back until it is
/// decided, so a shown text is never taken back.
/// </remarks>
internal sealed class StopStrings
{
    private readonly string[] stops;
    private string held = "";

    /// <param name="stops">None may be empty.</param>
    /// <exception cref="BadInputException">A stop string is empty.</exception>
    public StopStrings(IEnumerable<string> stops)
    {
        this.stops = [.. stops];
        if (this.stops.Contains("")) throw new BadInputException("a stop string is empty; leave it out");
    }

    /// <summary>True once a stop string was seen: nothing more will come.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes the next piece and returns what may be shown.</summary>
    public string Append(string text)
    {
        if (Stopped) return "";
        string all = held + text;
        if (FirstStop(all) is int stop)
        {
            (Stopped, held) = (true, "");
            return all[..stop];
        }
        int safe = all.Length - HeldBack(all);
        held = all[safe..];
        return all[..safe];
    }

    /// <summary>The text has ended: returns what was held back.</summary>
    public string Flush()
    {
        string rest = held;
        held = "";
        return rest;
    }

    /// <summary>Where the stop string begins that ends first; null if none is complete.</summary>
    private int? FirstStop(string text)
    {
        (int End, int Start)? first = null;
        foreach (string stop in stops)
        {
            int start = text.IndexOf(stop, StringComparison.Ordinal);
            if (start < 0) continue;
            (int End, int Start) found = (start + stop.Length, start);
            if (first == null || found.CompareTo(first.Value) < 0) first = found;
        }
        return first?.Start;
    }

    /// <summary>Length of the longest end of the text that begins a stop string.</summary>
    private int HeldBack(string text)
    {
        int longest = 0;
        foreach (string stop in stops)
        {
            for (int length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length))) longest = length;
            }
        }
        return longest;
    }
}
