namespace EdgeVideoLlava.Runtime.Live;

/// <summary>What the model said about one window of a clip or camera.</summary>
/// <param name="Start">Begin of the window, in the clip's time.</param>
/// <param name="End">End of the window; not before <paramref name="Start"/>.</param>
/// <param name="Text">The model's words, as they came.</param>
public sealed record Caption(TimeSpan Start, TimeSpan End, string Text)
{
    /// <summary>When the window's begin was taken, by the system's clock; null: it is a clip's.</summary>
    public DateTimeOffset? Captured { get; init; }

    /// <summary>Triggers that fired in this window.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    /// <summary>Time that the encoders and the projector took.</summary>
    public TimeSpan Encode { get; init; }

    /// <summary>From the window's last frame to the first token of the answer: encoding, and waiting for the captions before
    /// it, included.</summary>
    public TimeSpan FirstToken { get; init; }

    /// <summary>From the first token to the last.</summary>
    public TimeSpan Generate { get; init; }

    /// <summary>From the window's last frame to the last token.</summary>
    public TimeSpan Latency => FirstToken + Generate;

    /// <summary>Tokens generated.</summary>
    public int Tokens { get; init; }

    /// <summary>Tokens a second after the first; 0 when there was at most one.</summary>
    public double TokensPerSecond => Tokens > 1 && Generate > TimeSpan.Zero ? (Tokens - 1) / Generate.TotalSeconds : 0;
}
