namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>What a container says of its first video stream, and the stream's packets, listed without decoding.</summary>
internal sealed record StreamFacts
{
    /// <summary>FFmpeg's name of the container, e.g. "mpegts" or "mov,mp4,m4a,3gp,3g2,mj2".</summary>
    public required string Format { get; init; }

    /// <summary>FFmpeg's name of the codec, e.g. "h264".</summary>
    public required string Codec { get; init; }

    /// <summary>Size as coded, before any turning.</summary>
    public required int Width { get; init; }
    public required int Height { get; init; }

    /// <summary>Frames a second; 0 or not finite: unknown.</summary>
    public required double FramesPerSecond { get; init; }

    /// <summary>The earliest time stamp of any stream, in seconds; NaN: unknown.</summary>
    public required double ContainerStart { get; init; }

    /// <summary>Frames that an MP4's tables promise; 0 where the container has no such table, or one that proves nothing.</summary>
    public int Promised { get; init; }

    /// <summary>In the order of the file.</summary>
    public required IReadOnlyList<PacketStamp> Packets { get; init; }

    /// <summary>Pixels that a decoder makes of the whole stream.</summary>
    public double Work => (double)Width * Height * Packets.Count;

    /// <summary>Frames that should be seen: what an edit list leaves out is not.</summary>
    public int Expected => Math.Max(Packets.Count, Promised) - Packets.Count(packet => packet.Discarded);

    /// <summary>Nothing in the list speaks against each packet being one shown frame: a key frame first, whole packets, none before it.
    /// </summary>
    public bool EveryPacketIsAFrame => Packets.Count > 0 && Promised <= Packets.Count && KeyFrames.OnePacketIsOneFrame(Codec)
        && Packets[0].IsKey && Packets.All(packet => !packet.Discarded && !packet.Corrupt && packet.Seconds >= Packets[0].Seconds);
}

/// <summary>A packet of the video stream.</summary>
/// <param name="Seconds">Its presentation time stamp; NaN: the file has none.</param>
/// <param name="Duration">How long its frame is shown, in seconds; 0: unknown.</param>
/// <param name="IsKey">The container calls it a key frame.</param>
/// <param name="Discarded">An edit list leaves it out: it is decoded and not shown.</param>
/// <param name="Corrupt">The container knows that it is damaged.</param>
internal readonly record struct PacketStamp(double Seconds, double Duration, bool IsKey, bool Discarded = false, bool Corrupt = false);
