using System.Diagnostics;
using EdgeVideoLlava.Quantizer.Conversion;

namespace EdgeVideoLlava.Edge;

/// <summary>A bar with the time that is left, in one line of a terminal; the line is gone afterwards.</summary>
internal sealed class QuantizeProgress : IProgress<QuantizerProgress>, IDisposable
{
    private const int Width = 30;

    private readonly TerminalLine line = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan shown = TimeSpan.FromSeconds(-1);

    public TimeSpan Elapsed => clock.Elapsed;

    public void Report(QuantizerProgress value)
    {
        TimeSpan now = clock.Elapsed;
        if (now - shown < TimeSpan.FromMilliseconds(100)) return;
        shown = now;
        int full = (int)(Width * value.Done);
        string left = value.Done < 0.01 ? "" : $", {Time(now * ((1 - value.Done) / value.Done))} left";
        string bar = new string('=', full) + new string(' ', Width - full);
        line.Show($"[{bar}] {(int)(100 * value.Done),3} %{left}  {value.Tensor}");
    }

    public void Dispose() => line.Dispose();

    private static string Time(TimeSpan time)
        => time.TotalMinutes >= 1 ? $"{(int)time.TotalMinutes} min {time.Seconds} s" : $"{(int)time.TotalSeconds} s";
}
