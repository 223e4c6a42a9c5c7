namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>How the times of a source's frames come about.</summary>
internal enum Pace
{
    /// <summary>Frames come as they are taken (cameras, RTSP, UDP): the earliest arrival counts, jitter is taken out.</summary>
    AsTaken,

    /// <summary>Frames can be had faster than they were taken (files, play lists): each is waited for.</summary>
    Held,

    /// <summary>Nobody waits and no clock counts: the times of the stream itself (a recording through a pipe).</summary>
    Recorded,
}

/// <summary>The stamps of a source's frames: time since its start, never backwards, and the system's clock, also across
/// connections.</summary>
/// <remarks>
/// Within a connection the stream's own time stamps say how frames lie apart: they are exact where arrival is not. The first frame ties
/// them to the clock; a stream that falls behind by more than <see cref="Slack"/> (it stalled, or its stamps jumped) is tied again.
/// Frames that come in a heap when a connection begins are of the past: they keep their distances, and whoever came earliest for its
/// stamp says when all were taken. Spans are of the monotonic clock, so that setting the system's clock moves no window.
/// </remarks>
internal sealed class CaptureClock(TimeProvider clock, Pace pace)
{
    /// <summary>A stream may be so late before it is tied to the clock again.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    /// <summary>Stamps further ahead than this are a jump, and not waited for.</summary>
    public static readonly TimeSpan Furthest = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly long began = clock.GetTimestamp();
    private TimeSpan? tie; // what is added to the stream's stamps
    private TimeSpan last = -Tick, lead; // so far the axis runs before the clock

    /// <summary>Time since the source began, by the monotonic clock.</summary>
    public TimeSpan Now => clock.GetElapsedTime(began);

    /// <summary>The next frame is the first of a new connection.</summary>
    public void Reconnected() => tie = null;

    /// <summary>The stamp of the frame that has just come; of a held one, once it is due.</summary>
    /// <param name="seconds">The stream's own time stamp; NaN: none.</param>
    public async ValueTask<(TimeSpan Time, DateTimeOffset? Captured)> Stamp(double seconds, CancellationToken cancel)
    {
        bool stamped = double.IsFinite(seconds) && Math.Abs(seconds) < 1e9;
        if (pace == Pace.Recorded) return (After(stamped ? TimeSpan.FromSeconds(seconds) : last + Tick), null);
        if (!stamped) return Given(Now + lead);
        var own = TimeSpan.FromSeconds(seconds);
        TimeSpan ahead = (tie ??= (Now + lead > last ? Now + lead : last + Tick) - own) + own - Now;
        if (ahead < lead - Slack || ahead > Furthest) tie = Now + lead - own;
        else if (pace == Pace.AsTaken) lead = ahead > lead ? ahead : lead;
        else if (ahead > TimeSpan.Zero) await Task.Delay(ahead, clock, cancel).ConfigureAwait(false);
        return Given(tie.Value + own);
    }

    private (TimeSpan, DateTimeOffset?) Given(TimeSpan time)
    {
        TimeSpan stamp = After(time);
        return (stamp, clock.GetUtcNow() - (Now + lead - stamp));
    }

    /// <summary>Not before the last frame's.</summary>
    private TimeSpan After(TimeSpan time) => last = time > last ? time : last + Tick;
}
