namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Why an answer ended.</summary>
public enum StopReason
{
    /// <summary>The model ended it.</summary>
    EndToken,

    /// <summary>A stop string came up; the text ends before it.</summary>
    StopString,

    /// <summary>It reached the most tokens that the options allow.</summary>
    MaxTokens,

    /// <summary>The model's context is full.</summary>
    Context,

    /// <summary>The loop guard saw the same phrase four times in a row.</summary>
    Loop,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>What the model said, and the time it took.</summary>
/// <param name="Text">As shown: special tokens left out, trimmed.</param>
/// <param name="Ids">Generated ids, the end token included.</param>
public sealed record Answer(string Text, IReadOnlyList<int> Ids, StopReason Stop)
{
    /// <summary>Positions of the whole prompt.</summary>
    public required int PromptPositions { get; init; }

    /// <summary>Positions that had to be prefilled; the rest was still in the cache.</summary>
    public required int PrefilledPositions { get; init; }

    /// <summary>From the question to the first token (encoding of pictures not included).</summary>
    public required TimeSpan FirstToken { get; init; }

    /// <summary>From the first token to the last.</summary>
    public required TimeSpan Generate { get; init; }

    /// <summary>Tokens a second after the first; 0 when there was at most one.</summary>
    public double TokensPerSecond => Ids.Count > 1 && Generate > TimeSpan.Zero ? (Ids.Count - 1) / Generate.TotalSeconds : 0;
}
