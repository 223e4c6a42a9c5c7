namespace EdgeVideoLlava.Runtime.Live;

/// <summary>A window of a stream that has begun: the frames that are shown at its moments so far.</summary>
internal sealed class OpenWindow(Assistant assistant, TimeSpan start, TimeSpan length, int count, bool isFirst, bool withLooks)
    : IDisposable
{
    private readonly List<SeenFrame> frames = []; // one a moment, the same where a frame is shown at several
    private readonly List<Thumbnail> looks = [];
    private DateTimeOffset? captured;

    public TimeSpan Start { get; } = start;

    public TimeSpan End { get; } = start + length;

    /// <summary>Whether it is the stream's first.</summary>
    public bool IsFirst { get; } = isFirst;

    /// <summary>A frame is shown up to a time: it stands for all moments before that which have none yet.</summary>
    public void Settle(SeenFrame shown, TimeSpan until)
    {
        while (frames.Count < count && Moment(frames.Count) < until)
        {
            if (frames.Count == 0 || frames[^1] != shown) Take(shown);
            frames.Add(shown);
        }
    }

    /// <summary>All its frames as one clip; the window is over.</summary>
    /// <param name="end">Earlier than <see cref="End"/> where the stream ends.</param>
    public PixelWindow Close(TimeSpan end)
    {
        using (this)
        {
            return new PixelWindow(Start, end, assistant.Join([.. frames.Select(frame => frame.Pixels)]))
            {
                Captured = captured,
                Looks = looks,
                Times = [.. frames.Select(frame => frame.Frame.Time)],
            };
        }
    }

    public void Dispose()
    {
        foreach (SeenFrame frame in frames.Distinct()) frame.LetGo();
        frames.Clear();
    }

    /// <summary>All that the window wants of a frame is made now: its memory may be used again afterwards.</summary>
    private void Take(SeenFrame shown)
    {
        shown.Hold();
        _ = shown.Pixels;
        if (withLooks) looks.Add(shown.Look);
        captured ??= shown.Frame.Captured - (shown.Frame.Time - Start);
    }

    /// <summary>The first is the start, the last the instant before the end.</summary>
    private TimeSpan Moment(int i) => i == count - 1 ? End - TimeSpan.FromTicks(1) : Start + i * length / (count - 1);
}
