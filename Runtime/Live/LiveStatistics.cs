namespace EdgeVideoLlava.Runtime.Live;

/// <summary>What a live narration has seen and left out so far. Thread-safe.</summary>
public sealed class LiveStatistics
{
    private long frames, framesDropped, windows, windowsDropped, windowsStill, waiting, silent;

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

    /// <summary>Answers that said nothing new and became no caption.</summary>
    public long CaptionsLeftOut => Interlocked.Read(ref silent);

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

    internal void CaptionWasLeftOut() => Interlocked.Increment(ref silent);

    internal void WindowIsDone() => Interlocked.Decrement(ref waiting);
}
