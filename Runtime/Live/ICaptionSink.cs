namespace EdgeVideoLlava.Runtime.Live;

/// <summary>Where captions go, in the order of their windows. Not for several threads at once.</summary>
public interface ICaptionSink
{
    /// <summary>Writes one caption and flushes it, so that a reader at the other end of a pipe has it at once.</summary>
    void Write(Caption caption);
}
