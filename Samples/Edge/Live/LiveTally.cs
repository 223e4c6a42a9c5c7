using System.Globalization;
using EdgeVideoLlava.Runtime.Live;

namespace EdgeVideoLlava.Edge.Live;

/// <summary>Counts captions for the line at the end.</summary>
/// <param name="most">Captions after which it is enough; 0: never.</param>
internal sealed class LiveTally(int most, Action enough) : IProgress<Caption>
{
    private int captions;
    private long words;
    private double firstTokens, latencies;

    public void Report(Caption caption)
    {
        captions++;
        words += ConsoleSink.Words(caption).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        firstTokens += caption.FirstToken.TotalSeconds;
        latencies += caption.Latency.TotalSeconds;
        if (captions == most) enough();
    }

    public string Summary(LiveStatistics seen, TimeSpan time)
    {
        string means = captions == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $" (first token {firstTokens / captions:0.00} s, last {latencies / captions:0.00} s after the window's end, on average)");
        string silent = seen.CaptionsLeftOut == 0 ? "" : $", {seen.CaptionsLeftOut} with nothing new";
        string broken = seen.AnswersBrokenOff == 0 ? "" : $", {seen.AnswersBrokenOff} broken off";
        string refused = seen.AnswersRefused == 0 ? "" : $", {seen.AnswersRefused} answers refused (the last: {seen.LastRefusal})";
        string alike = seen.WindowsAlike == 0 ? "" : $", {seen.WindowsAlike} alike";
        double seconds = Math.Max(1e-3, time.TotalSeconds);
        string repeats = captions < 2 ? "" : string.Create(CultureInfo.InvariantCulture,
            $", {100.0 * seen.Repeats / captions:0} % repeats ({100 * seen.Overlaps / (captions - 1):0} % of the words), "
            + $"{captions * 60 / seconds:0.#} captions and {words * 60 / seconds:0} words a minute, model busy "
            + $"{100 * seen.Busy.TotalSeconds / seconds:0} %");
        return string.Create(CultureInfo.InvariantCulture,
            $"{captions} captions in {time.TotalSeconds:0} s{means}; {seen.Windows} windows: {seen.WindowsStill} still{alike}, "
            + $"{seen.WindowsDropped} dropped{silent}{broken}{refused}{repeats}; {seen.Frames} frames, {seen.FramesDropped} dropped");
    }
}
