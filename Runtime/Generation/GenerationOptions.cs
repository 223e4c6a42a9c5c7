namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>How an answer is generated.</summary>
public sealed record GenerationOptions
{
    /// <summary>How tokens are chosen; the default is the most likely one.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>The answer ends after so many tokens at the latest.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary>Further texts that end an answer, beside the template's own.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Ends an answer that runs in circles; it never changes a token.</summary>
    public bool GuardLoops { get; init; }

    /// <summary>Throws for a value out of range.</summary>
    /// <exception cref="BadInputException">Says which value, and the range.</exception>
    public void Validate()
    {
        if (MaxTokens < 1) throw new BadInputException($"max tokens {MaxTokens} is out of range; it may be 1 or more");
        Sampling.Validate();
    }
}
