using System.Diagnostics;

namespace EdgeVideoLlava.Edge;

/// <summary>Tells on a terminal how far a model is loaded, if loading takes long; the line is gone afterwards.</summary>
internal sealed class LoadProgress(TextWriter terminal, TimeSpan patience) : IProgress<double>, IDisposable
{
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private int shown = -1;

    /// <summary>On stderr, unless it goes elsewhere.</summary>
    public static LoadProgress OnTerminal() => new(Console.IsErrorRedirected ? TextWriter.Null : Console.Error, TimeSpan.FromSeconds(2));

    /// <param name="value">0 to 1.</param>
    public void Report(double value)
    {
        int percent = (int)(100 * value);
        if (percent == shown || clock.Elapsed < patience) return;
        shown = percent;
        terminal.Write($"\redge: loading the model: {percent} %");
    }

    public void Dispose()
    {
        if (shown >= 0) terminal.Write("\r\e[K");
    }
}
