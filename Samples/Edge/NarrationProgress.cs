using System.Diagnostics;
using EdgeVideoLlava.Runtime.Live;
using Spectre.Console;

namespace EdgeVideoLlava.Edge;

/// <summary>A progress bar on stderr while a clip is narrated, and a summary at the end.</summary>
/// <remarks>The bar is drawn only where the captions do not go to the same terminal: there they are the progress.</remarks>
internal sealed class NarrationProgress(ProgressTask? task, TimeSpan duration) : IProgress<Caption>
{
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private int done, tokens;
    private TimeSpan encode, generate;

    /// <summary>Runs a narration with its progress shown.</summary>
    /// <param name="captionsOnTerminal">The captions are written to the terminal as they come.</param>
    public static async Task Run(int windows, TimeSpan duration, bool captionsOnTerminal, Func<IProgress<Caption>, Task> narrate)
    {
        if (Console.IsErrorRedirected || captionsOnTerminal)
        {
            var plain = new NarrationProgress(null, duration);
            await narrate(plain);
            plain.Summarize();
            return;
        }
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        NarrationProgress? bar = null;
        await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), Bar(), new PercentageColumn { CompletedStyle = Style.Plain },
                new RemainingTimeColumn { Style = Style.Plain })
            .StartAsync(async context =>
            {
                bar = new NarrationProgress(context.AddTask($"0 of {windows} windows", maxValue: Math.Max(1, windows)), duration);
                await narrate(bar);
            });
        bar!.Summarize();
    }

    /// <summary>In the terminal's own colour: yellow cannot be read on white, nor blue on black.</summary>
    private static ProgressBarColumn Bar() => new()
    {
        CompletedStyle = Style.Plain,
        FinishedStyle = Style.Plain,
        RemainingStyle = new Style(decoration: Decoration.Dim),
    };

    public void Report(Caption caption)
    {
        done++;
        tokens += Math.Max(0, caption.Tokens - 1); // after the first, as everywhere
        encode += caption.Encode;
        generate += caption.Generate;
        if (task == null) return;
        task.Description = FormattableString.Invariant($"{done} of {task.MaxValue:0} windows, {TokensPerSecond:0} tokens/s");
        task.Value = done;
    }

    private double TokensPerSecond => tokens / Math.Max(0.001, generate.TotalSeconds);

    private void Summarize()
    {
        if (done == 0) return;
        Notices.Say(FormattableString.Invariant(
            $"{done} window{(done == 1 ? "" : "s")}, {duration.TotalSeconds:0.0} s of video in {clock.Elapsed.TotalSeconds:0.0} s")
            + FormattableString.Invariant($" (encode {encode.TotalMilliseconds / done:0} ms a window, {TokensPerSecond:0} tokens/s)"));
    }
}
