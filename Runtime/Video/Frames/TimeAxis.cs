namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>From a container's time stamps to times on the file's clock: one rule for every back end.</summary>
/// <remarks>
/// The clock is zero at the earliest time stamp of any stream, as players count: pictures that begin later than the sound have times
/// above zero. A start a little below zero is what a sound codec needs to warm up, and players do not count it. Time stamps that
/// wrapped around are unrolled by FFmpeg's demuxers before they come here.
/// </remarks>
internal static class TimeAxis
{
    private const double LongestWarmUp = 0.2; // seconds; Opus asks for 0.08, AAC for less

    /// <summary>The index of frames that were all decoded.</summary>
    /// <remarks>Containers that store decoding times only (AVI) give frames in order, and no time to any of them that could be
    /// believed: such frames follow each other at the stream's rate.</remarks>
    public static FrameIndex Of(StreamFacts facts, IReadOnlyList<(double Seconds, bool Key)> frames)
    {
        bool mpeg = facts.Format is "mpeg" or "mpegts"; // stamps some packets and means the others to be filled in
        if (frames.Count == 0 || !mpeg && facts.Packets.Any(packet => double.IsNaN(packet.Seconds)))
            return FrameIndex.Untimed(frames.Count, facts.FramesPerSecond);
        double end = frames[^1].Seconds;
        double last = facts.Packets.FirstOrDefault(packet => Math.Abs(packet.Seconds - end) < FrameIndex.Tolerance.TotalSeconds).Duration;
        return FrameIndex.Of(frames, Zero(facts, frames[0].Seconds), facts.FramesPerSecond, last);
    }

    /// <summary>The index of packets, where each is a frame.</summary>
    public static FrameIndex OfPackets(StreamFacts facts)
        => Of(facts, [.. facts.Packets.OrderBy(packet => packet.Seconds).Select(packet => (packet.Seconds, packet.IsKey))]);

    private static double Zero(StreamFacts facts, double first)
    {
        double start = facts.ContainerStart is < 0 and > -LongestWarmUp ? 0 : facts.ContainerStart;
        return start <= first ? start : first; // also when the start is unknown
    }
}
