namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>When each frame of a clip is shown and where decoding can begin; made by listing packets, which costs no decoding.</summary>
internal sealed class FrameIndex
{
    /// <summary>Two time stamps closer than this are the same: containers and back ends round differently.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMicroseconds(50);

    /// <summary>A decoder is entered this many frames early, so that frames which refer backwards across a key frame are whole.</summary>
    public const int LeadIn = 16;

    private readonly int[] keyFrames;

    /// <summary>Start of each frame from the start of the clip, ascending.</summary>
    public IReadOnlyList<TimeSpan> Times { get; }

    /// <summary>End of the last frame.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The container's time stamp of the first frame, in seconds.</summary>
    public double Origin { get; }

    /// <summary>The time stamps tell frames apart, so a frame can be recognised by its time.</summary>
    public bool Timed { get; }

    private FrameIndex(TimeSpan[] times, double origin, int[] keyFrames, bool timed, double framesPerSecond)
    {
        Origin = origin;
        Times = times;
        Timed = timed;
        this.keyFrames = keyFrames;
        TimeSpan last = times.Length > 1 ? times[^1] - times[^2] : TimeSpan.FromSeconds(1 / Rate(framesPerSecond));
        Duration = times.Length == 0 ? TimeSpan.Zero : times[^1] + last;
    }

    /// <summary>Makes the index of (time in seconds, key frame) in any order.</summary>
    /// <remarks>Without usable time stamps frames follow each other at the nominal rate.</remarks>
    public static FrameIndex Of(IReadOnlyList<(double Seconds, bool Key)> packets, double framesPerSecond)
    {
        var sorted = packets.OrderBy(packet => packet.Seconds).ToArray();
        double origin = sorted.Length == 0 ? 0 : sorted[0].Seconds;
        bool timed = double.IsFinite(origin) && Enumerable.Range(1, Math.Max(sorted.Length - 1, 0))
            .All(i => sorted[i].Seconds - sorted[i - 1].Seconds > 2 * Tolerance.TotalSeconds);
        bool absurd = sorted.Length > 0 && sorted[^1].Seconds - origin > TimeSpan.MaxValue.TotalSeconds / 4;
        if (!timed || absurd) return Untimed(sorted.Length, framesPerSecond);
        var times = Array.ConvertAll(sorted, packet => TimeSpan.FromSeconds(packet.Seconds - origin));
        int[] keys = [.. Enumerable.Range(0, sorted.Length).Where(i => sorted[i].Key)];
        return new FrameIndex(times, origin, keys, timed: true, framesPerSecond);
    }

    /// <summary>The index of so many frames at an even rate.</summary>
    public static FrameIndex Untimed(int count, double framesPerSecond)
    {
        double rate = Rate(framesPerSecond);
        return new FrameIndex([.. Enumerable.Range(0, count).Select(i => TimeSpan.FromSeconds(i / rate))], 0, [], timed: false,
            framesPerSecond);
    }

    /// <summary>The frame shown at a time: the last that has begun; -1 before the first.</summary>
    public int At(TimeSpan time)
    {
        int low = 0, high = Times.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Times[middle] <= time + Tolerance) low = middle + 1;
            else high = middle;
        }
        return low - 1;
    }

    /// <summary>Where decoding towards a frame should begin: the key frame at least the lead-in before it, or the first frame.</summary>
    public int EntryBefore(int frame)
    {
        int at = Array.BinarySearch(keyFrames, Math.Max(frame - LeadIn, 0));
        if (at < 0) at = ~at - 1;
        return at < 0 ? 0 : keyFrames[at];
    }

    private static double Rate(double framesPerSecond) => double.IsFinite(framesPerSecond) && framesPerSecond > 1e-3 ? framesPerSecond : 25;
}
