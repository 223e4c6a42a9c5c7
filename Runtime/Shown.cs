using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime;

/// <summary>A picture or clip that a conversation was shown.</summary>
/// <param name="Encode">Time that the tower and the projector took.</param>
/// <param name="Notices">What was done differently than asked, one line each: another decoder, frames that do not decode.</param>
public sealed record Shown(TimeSpan Encode, IReadOnlyList<string> Notices);

/// <summary>A picture or clip that was read and encoded, for any number of conversations.</summary>
/// <param name="Tokens">Its rows in the word space: the caller's to dispose.</param>
/// <param name="Encode">Time that the tower and the projector took.</param>
/// <param name="Notices">What was done differently than asked, one line each.</param>
public sealed record Seen(VisionTokens Tokens, TimeSpan Encode, IReadOnlyList<string> Notices);

/// <summary>How a picture or clip is read.</summary>
public sealed record ShowOptions
{
    /// <summary>What is used where nothing is said.</summary>
    public static ShowOptions Default { get; } = new();

    /// <summary>How a picture is read.</summary>
    public PictureOptions Picture { get; init; } = PictureOptions.Default;

    /// <summary>Most bytes that are taken from a stream (the default is 512 MiB).</summary>
    public long MaxBytes { get; init; } = 512L << 20;

    /// <summary>Its notices are told as they come, and again in <see cref="Shown.Notices"/>.</summary>
    public ClipOptions Clip { get; init; } = ClipOptions.Default;
}
