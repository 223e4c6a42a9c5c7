using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>Which frames of one connection show what the camera saw, when they say so; the others are left out.</summary>
/// <remarks>
/// A decoder that joins in the middle of a group of pictures, or loses packets, fills in what it lacks and goes on as if it were whole, up
/// to the next key frame. A stream that refreshes its pictures piece by piece has no further key frames: after <see cref="Patience"/> its
/// undamaged frames count as whole.
/// </remarks>
/// <param name="firstIsUndated">The first frame's time stamp is made up. ffmpeg's parsers find none for the first frame of RTP, whose
/// packets have no places in a file; the decoder then gives it the second one's, which draws the frame behind it forward in time.</param>
internal sealed class TrustedFrames(bool firstIsUndated, TimeProvider clock)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private bool isWhole, isFirst = true;
    private long lostAt;

    /// <summary>Frames left out because they lack packets, or what they refer to.</summary>
    public int LeftOut { get; private set; }

    /// <summary>Takes the next frame of the connection.</summary>
    /// <param name="codec">FFmpeg's name; null: not known.</param>
    public bool Trusts(in LoggedFrame frame, string? codec)
    {
        if (isFirst || isWhole && frame.IsDamaged) lostAt = clock.GetTimestamp();
        bool isUndated = isFirst && firstIsUndated;
        isFirst = false;
        if (frame.IsDamaged) isWhole = false;
        else isWhole |= frame.IsKey || !KeyFrames.AreIndependent(codec ?? "") || clock.GetElapsedTime(lostAt) >= Patience;
        if (!isWhole) LeftOut++;
        return isWhole && !isUndated;
    }
}
