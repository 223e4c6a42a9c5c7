namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>How to open a clip.</summary>
public sealed record ClipOptions
{
    /// <summary>What is used where nothing is said.</summary>
    public static ClipOptions Default { get; } = new();

    /// <summary>Takes one line about anything that was done differently than asked: another back end, frames that do not decode.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Most pixels of one frame (the default is 8K and a little).</summary>
    public long MaxPixels { get; init; } = 40_000_000;

    /// <summary>Most frames of a clip (the default is more than nine hours at 60 frames a second).</summary>
    public int MaxFrames { get; init; } = 2_000_000;

    /// <summary>Overrides the variable EDGE_CLIP_BACKEND, for tests.</summary>
    internal string? Backend { get; init; }

    /// <summary>Clips of no more pixels in all are decoded from end to end: their frames are certain, and cost about a second.</summary>
    internal double MostDecodedPixels { get; init; } = 200e6;
}
