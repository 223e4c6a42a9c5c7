using System.Diagnostics;
using EdgeVideoLlava.Quantizer.Conversion;

namespace EdgeVideoLlava.Edge;

/// <summary>A bar with the time that is left, in one line of a terminal; the line is gone afterwards.</summary>
internal sealed class ProgressLine : IProgress<QuantizerProgress>, IDisposable
{
    private const int Width = 30;

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    private readonly TerminalLine line = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan shown = -Rest;
    private double? first;

    public TimeSpan Elapsed => clock.Elapsed;

    /// <param name="done">How much of all, 0 to 1. What was done before the first call took no time of this run.</param>
    /// <param name="what">What is worked on.</param>
    /// <param name="total">Bytes of all, where their speed is of interest.</param>
    public void Show(double done, string what, long? total = null)
    {
        TimeSpan now = clock.Elapsed;
        first ??= done;
        if (now - shown < Rest) return;
        shown = now;
        int full = (int)(Width * done);
        double here = done - first.Value;
        string left = here < 0.01 ? "" : $", {Time(now * ((1 - done) / here))} left";
        string speed = total is { } bytes && here > 0 ? $", {here * bytes / now.TotalSeconds / 1e6:0.0} MB/s" : "";
        string bar = new string('=', full) + new string(' ', Width - full);
        line.Show($"[{bar}] {(int)(100 * done),3} %{left}{speed}  {what}");
    }

    public void Report(QuantizerProgress value) => Show(value.Done, value.Tensor);

    public void Dispose() => line.Dispose();

    private static string Time(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min"
        : time.TotalMinutes >= 1 ? $"{(int)time.TotalMinutes} min {time.Seconds} s" : $"{(int)time.TotalSeconds} s";
}
