using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>A window of a stream that has begun: the frames that are shown at its moments so far.</summary>
internal sealed class OpenWindow(Assistant assistant, TimeSpan start, TimeSpan length, int count, bool isFirst, bool withLooks)
    : IDisposable
{
    private readonly List<PixelValues> frames = []; // one a moment, the same where a frame is shown at several
    private readonly List<Thumbnail> looks = [];
    private Frame? newest;
    private DateTimeOffset? captured;

    public TimeSpan Start { get; } = start;

    public TimeSpan End { get; } = start + length;

    /// <summary>Whether it is the stream's first.</summary>
    public bool IsFirst { get; } = isFirst;

    /// <summary>A frame is shown up to a time: it stands for all moments before that which have none yet.</summary>
    public void Settle(Frame shown, TimeSpan until)
    {
        while (frames.Count < count && Moment(frames.Count) < until)
        {
            bool again = ReferenceEquals(shown, newest);
            frames.Add(again ? frames[^1] : assistant.Look(shown));
            if (withLooks && !again) looks.Add(new Thumbnail(shown));
            captured ??= shown.Captured - (shown.Time - Start);
            newest = shown;
        }
    }

    /// <summary>All its frames as one clip; the window is over.</summary>
    /// <param name="end">Earlier than <see cref="End"/> where the stream ends.</param>
    public PixelWindow Close(TimeSpan end)
    {
        using (this) return new PixelWindow(Start, end, assistant.Join(frames)) { Captured = captured, Looks = looks };
    }

    public void Dispose()
    {
        foreach (PixelValues frame in frames.Distinct(ReferenceEqualityComparer.Instance).Cast<PixelValues>()) frame.Dispose();
    }

    /// <summary>The first is the start, the last the instant before the end.</summary>
    private TimeSpan Moment(int i) => i == count - 1 ? End - TimeSpan.FromTicks(1) : Start + i * length / (count - 1);
}
