namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>How a live source is held open.</summary>
public sealed record LiveOptions
{
    /// <summary>Without a frame for so long a connection counts as dead and is opened anew.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A source that ends is opened anew; false: its end is the end.</summary>
    public bool Reconnects { get; init; } = true;

    /// <summary>Attempts before the first frame, after which the source counts as wrong. Once a frame has come, there is no
    /// limit.</summary>
    public int FirstAttempts { get; init; } = 3;

    /// <summary>Longest side of frames in pixels; larger ones are scaled down. The model looks at 224.</summary>
    public int LongestSide { get; init; } = 1280;

    /// <summary>Told, one line each: the source has ended, stalled, comes again. On any thread.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>The reader gives the memory of each frame back, and keeps none.</summary>
    internal bool Recycles { get; init; }

    /// <summary>For tests.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
