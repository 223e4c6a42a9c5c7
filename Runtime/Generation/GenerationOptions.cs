namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>How an answer is generated.</summary>
public sealed record GenerationOptions
{
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>The answer ends after so many tokens at the latest.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary>Further texts that end an answer, beside the template's own.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Ends an answer that runs in circles; it never changes a token.</summary>
    public bool GuardLoops { get; init; }
}
