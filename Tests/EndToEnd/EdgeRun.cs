namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>How to start ./edge.</summary>
public sealed record EdgeRun
{
    public required string[] Arguments { get; init; }

    /// <summary>Working folder; by default one outside the repository.</summary>
    public string? Folder { get; init; }

    /// <summary>Variables to set, or to remove by null.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>What the program reads from stdin; null for nothing.</summary>
    public string? Input { get; init; }

    /// <summary>Leaves stdin open after <see cref="Input"/>, as a person at the keyboard does.</summary>
    public bool KeepsInputOpen { get; init; }

    public TimeSpan? Limit { get; init; }
}
