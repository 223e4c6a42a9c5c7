using System.Globalization;
using EdgeVideoLlava.Runtime.Live;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeVideoLlava.Edge.Live;

/// <summary>The live panel on the terminal: the last captions, how fast they came, what was seen and left out. Thread-safe.</summary>
/// <param name="source">What is narrated.</param>
internal sealed class LivePanel(string source, string model, LiveStatistics statistics) : ICaptionSink
{
    private const int Lines = 6;

    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private readonly Queue<Caption> captions = new();
    private Caption? last;
    private string note = "waiting for the first window";

    public void Write(Caption caption)
    {
        lock (gate)
        {
            captions.Enqueue(last = caption);
            if (captions.Count > Lines) captions.Dequeue();
            note = "";
        }
    }

    /// <summary>Shows a line in place of stderr's, which would tear the panel.</summary>
    public void Tell(string line)
    {
        lock (gate) note = TerminalText.Printable(line);
    }

    /// <summary>Draws until the narration ends.</summary>
    public Task Run(Func<Task> narrate)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Live(Draw()).AutoClear(false).StartAsync(async context =>
        {
            Task narration = Task.Run(narrate);
            while (!narration.IsCompleted)
            {
                context.UpdateTarget(Draw());
                await Task.WhenAny(narration, Task.Delay(Redraw));
            }
            context.UpdateTarget(Draw());
            await narration;
        });
    }

    private Panel Draw()
    {
        lock (gate)
        {
            IEnumerable<IRenderable> said = captions.Select(caption => Line(caption, caption == last));
            IEnumerable<IRenderable> blank = Enumerable.Repeat<IRenderable>(new Text(" "), Lines - captions.Count);
            return new Panel(new Rows([.. said, .. blank, new Rule(), .. Figures().Select(line => new Text(line)), new Text(note + " ")]))
            {
                Header = new PanelHeader($" edge narrate {Markup.Escape(source)}: {Markup.Escape(model)} "),
                Expand = true,
            };
        }
    }

    private static Text Line(Caption caption, bool isNew)
    {
        string when = caption.Captured is { } moment ? moment.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : ConsoleSink.Time(caption.Start);
        return new Text($"{when}  {ConsoleSink.Words(caption)}", isNew ? new Style(decoration: Decoration.Bold) : Style.Plain);
    }

    private IEnumerable<string> Figures()
    {
        LiveStatistics seen = statistics;
        string speed = last == null ? "first token -   last token -   tokens/s -" : string.Create(CultureInfo.InvariantCulture,
            $"first token {last.FirstToken.TotalSeconds:0.00} s   last token {last.Latency.TotalSeconds:0.00} s   "
            + $"{last.TokensPerSecond:0} tokens/s   encode {last.Encode.TotalMilliseconds:0} ms");
        yield return speed;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"frames {seen.Frames} seen, {seen.FramesDropped} dropped   windows {seen.Windows} seen, {seen.WindowsStill} still, "
            + $"{seen.WindowsDropped} dropped");
        yield return string.Create(CultureInfo.InvariantCulture,
            $"queue {seen.Waiting}   memory {Environment.WorkingSet / 1_000_000} MB   {DateTime.UtcNow:HH:mm:ss}Z");
    }
}
