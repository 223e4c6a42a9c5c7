namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>Which frames of a clip the model sees.</summary>
public static class FrameSampler
{
    /// <summary>numpy's linspace(0, n - 1, count) truncated to integers (the original code).</summary>
    /// <remarks>First and last frame, evenly between; frames repeat when n &lt; count.</remarks>
    public static int[] Linspace(int n, int count)
    {
        Require(n, count);
        var indices = new int[count];
        double step = count > 1 ? (n - 1) / (double)(count - 1) : 0;
        for (int i = 1; i < count; i++) indices[i] = i == count - 1 ? n - 1 : (int)(i * step);
        return indices;
    }

    /// <summary>numpy's arange(0, n, n / count) truncated to integers (examples of the -hf model).</summary>
    /// <remarks>The left edges of count equal parts: never the last frame of a longer clip.</remarks>
    public static int[] ArangeHf(int n, int count)
    {
        Require(n, count);
        var indices = new int[count];
        double step = n / (double)count;
        for (int i = 0; i < count; i++) indices[i] = (int)(i * step);
        return indices;
    }

    /// <summary>Cuts a clip into windows and chooses frames in each by <see cref="Linspace"/> over the frames with
    /// start &lt;= t &lt; start + length.</summary>
    /// <remarks>
    /// The last window may be cut short by the end of the clip; it is kept if it lasts at least half of <paramref name="window"/>, or if it
    /// is the only one. A window shows what is on screen in it: where fewer frames begin than are chosen, and the first of them after the
    /// start, the frame shown before counts too, and frames are chosen that are on screen at evenly spread moments. The first window begins
    /// with the first frame.
    /// </remarks>
    /// <param name="times">Start time of every frame, ascending.</param>
    /// <param name="duration">End of the last frame.</param>
    /// <param name="window">Length of a window.</param>
    /// <param name="every">Distance from one window's start to the next one's.</param>
    /// <param name="count">Frames chosen in each window.</param>
    internal static IReadOnlyList<FrameWindow> Windows(
        IReadOnlyList<TimeSpan> times, TimeSpan duration, TimeSpan window, TimeSpan every, int count = 8)
    {
        if (window <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(window), "a window has a positive length");
        if (every <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(every), "windows have a positive distance");
        var windows = new List<FrameWindow>();
        int first = 0;
        TimeSpan begin = times.Count > 0 ? times[0] : TimeSpan.Zero;
        for (TimeSpan start = begin; start < duration; start += every)
        {
            bool cut = start + window > duration + Slack;
            if (cut && start > begin && 2 * (duration + Slack - start) < window) break;
            while (first < times.Count && times[first] < start) first++;
            int end = first;
            while (end < times.Count && times[end] < start + window) end++;
            TimeSpan stop = cut ? duration : start + window;
            bool later = first > 0 && (end == first || times[first] > start + Slack);
            int[] indices = later && end - first < count ? OnScreen(times, first - 1, start, stop, count)
                : Array.ConvertAll(Linspace(end - first, count), i => first + i);
            windows.Add(new FrameWindow(start, stop, indices));
            if (cut) break;
        }
        return windows;
    }

    /// <summary>The frames shown at moments spread evenly over a window, from its start to the instant before its end.</summary>
    private static int[] OnScreen(IReadOnlyList<TimeSpan> times, int shown, TimeSpan start, TimeSpan stop, int count)
    {
        var indices = new int[count];
        for (int i = 0; i < count; i++)
        {
            TimeSpan moment = i == count - 1 ? stop - TimeSpan.FromTicks(1) : start + i * (stop - start) / Math.Max(count - 1, 1);
            while (shown + 1 < times.Count && times[shown + 1] <= moment) shown++;
            indices[i] = shown;
        }
        return indices;
    }

    // Time stamps are rounded by containers (whole milliseconds in Matroska): an end that misses by less does not make a shorter window.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(2);

    private static void Require(int n, int count)
    {
        if (n < 1) throw new ArgumentOutOfRangeException(nameof(n), "there is no frame to choose from");
        if (count < 1) throw new ArgumentOutOfRangeException(nameof(count), "at least one frame is chosen");
    }
}
