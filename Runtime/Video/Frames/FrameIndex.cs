namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>When each frame of a clip is shown and where decoding can begin.</summary>
internal sealed class FrameIndex
{
    /// <summary>Two time stamps closer than this are the same: containers and back ends round differently.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMicroseconds(50);

    private readonly int[] keyFrames;

    /// <summary>Start of each frame on the file's clock, ascending.</summary>
    public IReadOnlyList<TimeSpan> Times { get; }

    /// <summary>End of the last frame.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The container's time stamp at which the file's clock is zero, in seconds.</summary>
    public double Origin { get; }

    /// <summary>The time stamps tell frames apart, so a frame can be recognised by its time.</summary>
    public bool Timed { get; }

    private FrameIndex(TimeSpan[] times, TimeSpan last, double origin, int[] keyFrames, bool timed)
    {
        (Times, Origin, Timed, this.keyFrames) = (times, origin, timed, keyFrames);
        Duration = times.Length == 0 ? TimeSpan.Zero : times[^1] + last;
    }

    /// <summary>Makes the index of (time stamp in seconds, key frame) in the order shown.</summary>
    /// <param name="last">How long the last frame is shown by the container's word, in seconds. It counts where it is longer than the frame
    /// before: writers that do not know put the shortest.</param>
    /// <remarks>A frame without a usable time stamp follows the one before at the nominal rate.</remarks>
    public static FrameIndex Of(IReadOnlyList<(double Seconds, bool Key)> frames, double origin, double framesPerSecond, double last = 0)
    {
        const double Absurd = 1e9; // seconds: 30 years
        double gap = 2 * Tolerance.TotalSeconds, step = Math.Max(1 / Rate(framesPerSecond), 2 * gap);
        if (frames.Count == 0 || !double.IsFinite(frames[0].Seconds) || Math.Abs(frames[0].Seconds - origin) > Absurd)
            return Untimed(frames.Count, framesPerSecond);
        var times = new TimeSpan[frames.Count];
        var later = new double[frames.Count]; // the earliest stamp of the frames behind: one that is not before it is wrong
        later[^1] = double.PositiveInfinity;
        for (int i = frames.Count - 2; i >= 0; i--)
            later[i] = double.IsNaN(frames[i + 1].Seconds) ? later[i + 1] : Math.Min(later[i + 1], frames[i + 1].Seconds);
        bool timed = true;
        // A first stamp that is later than one behind it is wrong: its frame is shown right before that one, not before the clock begins.
        double before = Math.Max(Math.Min(frames[0].Seconds, later[0] - step), origin) - step;
        for (int i = 0; i < times.Length; i++)
        {
            double seconds = frames[i].Seconds;
            bool usable = seconds - before > gap && later[i] - seconds > gap && seconds - origin < Absurd; // false for NaN
            timed &= usable;
            before = usable ? seconds : before + step;
            times[i] = TimeSpan.FromSeconds(before - origin);
        }
        int[] keys = [.. Enumerable.Range(0, frames.Count).Where(i => frames[i].Key)];
        TimeSpan shown = times.Length > 1 ? times[^1] - times[^2] : TimeSpan.FromSeconds(step);
        bool longer = last > shown.TotalSeconds && last < Absurd;
        return new FrameIndex(times, longer ? TimeSpan.FromSeconds(last) : shown, origin, keys, timed);
    }

    /// <summary>The index of so many frames at an even rate.</summary>
    public static FrameIndex Untimed(int count, double framesPerSecond)
    {
        double rate = Rate(framesPerSecond);
        TimeSpan[] times = [.. Enumerable.Range(0, count).Select(i => TimeSpan.FromSeconds(i / rate))];
        return new FrameIndex(times, TimeSpan.FromSeconds(1 / rate), 0, [], timed: false);
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

    /// <summary>The last key frame that is shown no later than a frame; 0 where there is none.</summary>
    public int EntryBefore(int frame)
    {
        int at = Array.BinarySearch(keyFrames, frame);
        if (at < 0) at = ~at - 1;
        return at < 0 ? 0 : keyFrames[at];
    }

    /// <summary>The container's time stamp of a frame, in seconds.</summary>
    public double Stamp(int frame) => Times[frame].TotalSeconds + Origin;

    private static double Rate(double framesPerSecond) => double.IsFinite(framesPerSecond) && framesPerSecond > 1e-3 ? framesPerSecond : 25;
}
