using System.Diagnostics;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>What a live narration has seen and left out so far. Thread-safe.</summary>
public sealed class LiveStatistics
{
    private long frames, framesDropped, windows, windowsDropped, windowsStill, windowsAlike, waiting;
    private long silent, refused, brokenOff, repeated, framesEncoded;
    private readonly Lock gate = new(); // of what follows
    private string? lastRefusal;
    private double overlaps;
    private int working;
    private long worksSince;
    private TimeSpan worked;

    /// <summary>Frames that the source gave.</summary>
    public long Frames => Interlocked.Read(ref frames);

    /// <summary>Frames that no window could take in time.</summary>
    public long FramesDropped => Interlocked.Read(ref framesDropped);

    /// <summary>Windows that were complete.</summary>
    public long Windows => Interlocked.Read(ref windows);

    /// <summary>Windows that a newer one replaced while the model was busy.</summary>
    public long WindowsDropped => Interlocked.Read(ref windowsDropped);

    /// <summary>Windows in which nothing had changed, so that nothing was asked about them.</summary>
    public long WindowsStill => Interlocked.Read(ref windowsStill);

    /// <summary>Windows whose features were those of the last one told (<see cref="NarrationOptions.FeatureGate"/>).</summary>
    public long WindowsAlike => Interlocked.Read(ref windowsAlike);

    /// <summary>Windows about which there was nothing new to say, so that they became no caption: the answer said so, or was not needed.
    /// </summary>
    public long CaptionsLeftOut => Interlocked.Read(ref silent);

    /// <summary>Answers that were not what was asked for (<see cref="NarrationOptions.Check"/>), and became no caption.</summary>
    public long AnswersRefused => Interlocked.Read(ref refused);

    /// <summary>What was wrong with the last of them.</summary>
    public string? LastRefusal => Volatile.Read(ref lastRefusal);

    /// <summary>Answers broken off because a newer window was ready (<see cref="NarrationOptions.BreaksStale"/>).</summary>
    public long AnswersBrokenOff => Interlocked.Read(ref brokenOff);

    /// <summary>Captions that said the same words as the one before.</summary>
    public long Repeats => Interlocked.Read(ref repeated);

    /// <summary>How much of each caption stood in the one before, summed up: word pairs that both have, in those that either has.</summary>
    public double Overlaps
    {
        get { lock (gate) return overlaps; }
    }

    /// <summary>Time in which the model was at work on a window, seeing or speaking or both.</summary>
    public TimeSpan Busy
    {
        get { lock (gate) return worked + (working > 0 ? Stopwatch.GetElapsedTime(worksSince) : TimeSpan.Zero); }
    }

    /// <summary>Frames that went through the tower.</summary>
    public long FramesEncoded => Interlocked.Read(ref framesEncoded);

    /// <summary>Windows that wait or are being put into words.</summary>
    public long Waiting => Interlocked.Read(ref waiting);

    internal void FrameCame() => Interlocked.Increment(ref frames);

    internal void FrameWasLost() => Interlocked.Increment(ref framesDropped);

    internal void WindowCame()
    {
        Interlocked.Increment(ref windows);
        Interlocked.Increment(ref waiting);
    }

    internal void WindowWasLost()
    {
        Interlocked.Increment(ref windowsDropped);
        WindowIsDone();
    }

    internal void WindowWasStill()
    {
        Interlocked.Increment(ref windowsStill);
        WindowIsDone();
    }

    internal void WindowWasAlike()
    {
        Interlocked.Increment(ref windowsAlike);
        WindowIsDone();
    }

    internal void CaptionWasLeftOut() => Interlocked.Increment(ref silent);

    internal void AnswerWasRefused(string why)
    {
        Interlocked.Increment(ref refused);
        Volatile.Write(ref lastRefusal, why);
    }

    internal void AnswerWasBrokenOff() => Interlocked.Increment(ref brokenOff);

    internal void CaptionOverlaps(double share)
    {
        if (share >= 1) Interlocked.Increment(ref repeated);
        lock (gate) overlaps += share;
    }

    /// <summary>The model works on a window until the result is disposed, on any thread.</summary>
    internal IDisposable Work()
    {
        lock (gate)
        {
            if (working++ == 0) worksSince = Stopwatch.GetTimestamp();
        }
        return new Piece(this);
    }

    private void Rest()
    {
        lock (gate)
        {
            working--;
            if (working == 0) worked += Stopwatch.GetElapsedTime(worksSince);
        }
    }

    internal void FramesEncodedAre(long count) => Interlocked.Exchange(ref framesEncoded, count);

    internal void WindowIsDone() => Interlocked.Decrement(ref waiting);

    private sealed class Piece(LiveStatistics owner) : IDisposable
    {
        public void Dispose() => owner.Rest();
    }
}
