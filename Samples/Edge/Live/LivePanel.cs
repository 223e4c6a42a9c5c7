using System.Globalization;
using EdgeVideoLlava.Runtime.Live;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeVideoLlava.Edge.Live;

/// <summary>The live panel on the terminal: the last captions, how fast they came, what was seen and left out. Thread-safe.</summary>
/// <param name="source">What is narrated.</param>
internal sealed class LivePanel(string source, string model, LiveStatistics statistics) : ICaptionSink
{
    private const int Lines = 6, Borders = 4; // captions; columns of the frame

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
        return console.Live(Draw(console.Profile.Width)).AutoClear(false).StartAsync(async context =>
        {
            Task narration = Task.Run(narrate);
            while (!narration.IsCompleted)
            {
                context.UpdateTarget(Draw(console.Profile.Width));
                await Task.WhenAny(narration, Task.Delay(Redraw));
            }
            context.UpdateTarget(Draw(console.Profile.Width));
            await narration;
        });
    }

    /// <summary>Of one height whatever is said: the terminal would scroll. The newest caption has two lines, others one.</summary>
    internal Panel Draw(int columns)
    {
        int width = Math.Max(20, columns - Borders);
        lock (gate)
        {
            IRenderable[] said = [.. captions.SkipLast(1).Select(caption => Line(Words(caption), width, Style.Plain)), .. Newest(width)];
            IEnumerable<IRenderable> blank = Enumerable.Repeat<IRenderable>(new Text(" "), Math.Max(0, Lines + 1 - said.Length));
            return new Panel(new Rows([.. said, .. blank, new Rule(),
                .. Figures().Append(note + " ").Select(line => Line(line, width, Style.Plain))]))
            {
                Header = new PanelHeader(Markup.Escape(TerminalText.Crop($" edge narrate: {source}, {model} ", width))),
                Expand = true,
            };
        }
    }

    private IEnumerable<IRenderable> Newest(int width)
    {
        if (last == null) yield break;
        string[] lines = TerminalText.Fold(Words(last), indent: 11, width).Split('\n');
        if (lines.Length > 2) lines = [lines[0], $"{TerminalText.Crop(lines[1], width - 1)}…"];
        foreach (string line in lines) yield return Line(line, width, new Style(decoration: Decoration.Bold));
    }

    private static Text Line(string line, int width, Style style) => new(TerminalText.Crop(line, width), style);

    private static string Words(Caption caption)
    {
        string when = caption.Captured is { } moment ? moment.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : ConsoleSink.Time(caption.Start);
        return $"{when}  {ConsoleSink.Words(caption)}";
    }

    private IEnumerable<string> Figures()
    {
        LiveStatistics seen = statistics;
        string speed = last == null ? "first token -   last token -   tokens/s -" : string.Create(CultureInfo.InvariantCulture,
            $"first token {last.FirstToken.TotalSeconds:0.00} s   last token {last.Latency.TotalSeconds:0.00} s   "
            + $"{last.TokensPerSecond:0} tokens/s   encode {last.Encode.TotalMilliseconds:0} ms");
        yield return speed;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"frames {seen.Frames} seen, {seen.FramesDropped} dropped   windows {seen.Windows} seen, "
            + $"{seen.WindowsStill + seen.WindowsAlike} still, {seen.WindowsDropped} dropped");
        yield return string.Create(CultureInfo.InvariantCulture,
            $"queue {seen.Waiting}   memory {Environment.WorkingSet / 1_000_000} MB   {DateTime.UtcNow:HH:mm:ss}Z");
    }
}
