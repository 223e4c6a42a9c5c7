using System.Diagnostics;
using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>A window of a clip or camera, ready for the video tower.</summary>
internal sealed record PixelWindow(TimeSpan Start, TimeSpan End, PixelValues Pixels)
{
    /// <summary>When its begin was taken, by the system's clock; null: it is a clip's.</summary>
    public DateTimeOffset? Captured { get; init; }

    /// <summary>When it had its last frame, by the stopwatch.</summary>
    public long Complete { get; } = Stopwatch.GetTimestamp();

    /// <summary>Its different frames in small, in order; empty: they are not needed.</summary>
    public IReadOnlyList<Thumbnail> Looks { get; init; } = [];

    /// <summary>The time of each frame in <see cref="Pixels"/>, by which the same one is known in several windows; empty: not told.
    /// </summary>
    public IReadOnlyList<TimeSpan> Times { get; init; } = [];
}
