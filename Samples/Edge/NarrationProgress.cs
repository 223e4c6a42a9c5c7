using EdgeVideoLlava.Runtime.Live;

namespace EdgeVideoLlava.Edge;

/// <summary>One line on stderr while a clip is narrated, where stderr is a terminal; a summary at the end either way.</summary>
internal sealed class NarrationProgress(int windows, TimeSpan duration) : IProgress<Caption>, IDisposable
{
    private const int Width = 24;

    private readonly System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
    private readonly bool visible = !Console.IsErrorRedirected;
    private int done, tokens;
    private TimeSpan encode, generate;

    public void Report(Caption caption)
    {
        done++;
        tokens += caption.Tokens;
        encode += caption.Encode;
        generate += caption.FirstToken + caption.Generate;
        if (!visible) return;
        int filled = Width * done / Math.Max(1, windows);
        Console.Error.Write($"\r[{new string('#', filled)}{new string('.', Width - filled)}] {done}/{windows} windows, {tokens / Math.Max(0.001, generate.TotalSeconds):0} tokens/s ");
    }

    public void Dispose()
    {
        if (visible && done > 0) Console.Error.Write($"\r{new string(' ', Width + 50)}\r");
        if (done == 0) return;
        Notices.Say(FormattableString.Invariant($"{done} windows ({duration.TotalSeconds:0.0} s of video) in {clock.Elapsed.TotalSeconds:0.0} s; ")
            + FormattableString.Invariant($"encode {encode.TotalMilliseconds / done:0} ms a window, {tokens / Math.Max(0.001, generate.TotalSeconds):0} tokens/s"));
    }
}
