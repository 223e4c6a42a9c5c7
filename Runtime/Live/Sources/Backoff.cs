namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>Pauses between attempts to connect: doubling from one second to thirty, from the start again once a frame has come.</summary>
internal sealed class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromSeconds(30);

    private TimeSpan next = First;

    /// <summary>The pause before the next attempt.</summary>
    public TimeSpan Next()
    {
        TimeSpan pause = next;
        next = next * 2 < Longest ? next * 2 : Longest;
        return pause;
    }

    public void Reset() => next = First;
}
