namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>Which frames a decoder hands over, and where it begins.</summary>
internal sealed record FrameSelection
{
    /// <summary>Every frame from the start of the file, without its pixels.</summary>
    public static FrameSelection Everything { get; } = new();

    /// <summary>Decoding begins at or before this time stamp of the container; null: at the start of the file.</summary>
    public double? Entry { get; init; }

    /// <summary>Ascending ranges of the container's time stamps, both ends included.</summary>
    public IReadOnlyList<(double From, double To)>? Times { get; init; }

    /// <summary>Ascending ranges of frames counted from where decoding begins, both ends included; not together with times.</summary>
    public IReadOnlyList<(int From, int To)>? Numbers { get; init; }

    /// <summary>Frames after which decoding may stop.</summary>
    public int Most { get; init; } = int.MaxValue;

    /// <summary>Pixels are wanted, scaled to this size, upright; null: none are.</summary>
    public (int Width, int Height)? Size { get; init; }

    /// <summary>The first frame is only to arrive; a decoder may leave out its pixels.</summary>
    public bool FirstIsProof { get; init; }

    public bool Includes(int number, double seconds)
        => Times != null ? Times.Any(range => seconds >= range.From && seconds <= range.To)
            : Numbers == null || Numbers.Any(range => number >= range.From && number <= range.To);
}

/// <summary>A frame as a decoder shows it.</summary>
/// <param name="Seconds">The container's time stamp; NaN: none.</param>
/// <param name="IsKey">An intra-coded picture that the decoder calls a key frame.</param>
/// <param name="Width">Upright, before any scaling.</param>
/// <param name="Height">Upright, before any scaling.</param>
/// <param name="IsDamaged">The decoder filled in what it could not read.</param>
/// <param name="Rgb">(Height, Width, 3) bytes of the size asked for; null when none was.</param>
internal readonly record struct DecodedFrame(double Seconds, bool IsKey, int Width, int Height, bool IsDamaged, byte[]? Rgb);
