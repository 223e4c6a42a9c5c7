using EdgeVideoLlava.Runtime.Generation;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>What is asked about each window, and which answers are worth a caption.</summary>
public sealed record NarrationOptions
{
    /// <summary>Asked about every window.</summary>
    public string Question { get; init; } = Assistant.Question;

    /// <summary>How answers are generated.</summary>
    public GenerationOptions Generation { get; init; } = new() { MaxTokens = 128, GuardLoops = true };

    /// <summary>The question begins with what was said last: the model can tell what is new.</summary>
    public bool WithContext { get; init; }

    /// <summary>An answer as similar as this to the last caption says nothing new and is left out (<see cref="Similarity"/>); null: none
    /// is.</summary>
    public double? RepeatsFrom { get; init; }

    /// <summary>An answer that begins with these words says nothing, is left out, and ends with them: it costs no more tokens.
    /// Null: none does.</summary>
    public string? Silence { get; init; }

    /// <summary>Why an answer is not what was asked for (no JSON of the wanted schema); it is then no caption, and counted. Null, also as
    /// the result: nothing is wrong. Called on the narrator's thread.</summary>
    public Func<string, string?>? Check { get; init; }

    /// <summary>An answer is broken off, and its window left out, once a newer window is ready. Off: an answer that was begun is finished.
    /// Of two windows in a row at least one is told.</summary>
    public bool BreaksStale { get; init; }

    /// <summary>Windows whose features are those of the last one told are left out before anything is asked about them; null: none is.
    /// </summary>
    public FeatureGateOptions? FeatureGate { get; init; }

    /// <summary>A window for which the model finds the last caption as likely as for its own is left out; null: none is. Measured with the
    /// built-in model alone.</summary>
    public LikelihoodGateOptions? LikelihoodGate { get; init; }

    /// <summary>What is watched for; each costs its own question about the window, which is encoded and read once.</summary>
    public IReadOnlyList<EventTrigger> Triggers { get; init; } = [];
}
