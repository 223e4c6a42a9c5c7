using System.Globalization;
using EdgeVideoLlava.Runtime.Live;

namespace EdgeVideoLlava.Edge.Live;

/// <summary>Counts captions for the line at the end.</summary>
/// <param name="most">Captions after which it is enough; 0: never.</param>
internal sealed class LiveTally(int most, Action enough) : IProgress<Caption>
{
    private int captions;
    private double firstTokens, latencies;

    public void Report(Caption caption)
    {
        captions++;
        firstTokens += caption.FirstToken.TotalSeconds;
        latencies += caption.Latency.TotalSeconds;
        if (captions == most) enough();
    }

    public string Summary(LiveStatistics seen, TimeSpan time)
    {
        string means = captions == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $" (first token {firstTokens / captions:0.00} s, last {latencies / captions:0.00} s after the window's end, on average)");
        string silent = seen.CaptionsLeftOut == 0 ? "" : $", {seen.CaptionsLeftOut} with nothing new";
        return string.Create(CultureInfo.InvariantCulture,
            $"{captions} captions in {time.TotalSeconds:0} s{means}; {seen.Windows} windows: {seen.WindowsStill} still, "
            + $"{seen.WindowsDropped} dropped{silent}; {seen.Frames} frames, {seen.FramesDropped} dropped");
    }
}
