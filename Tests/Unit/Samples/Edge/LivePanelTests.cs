using EdgeVideoLlava.Edge.Live;
using EdgeVideoLlava.Runtime.Live;
using Spectre.Console;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge;

/// <summary>The live panel as terminals of several widths show it.</summary>
public sealed class LivePanelTests
{
    private const string Long = "A person in a red coat walks from the left to the right, stops beside the blue car in front of the house, "
        + "looks around for a while, opens the door of the car and puts a large bag onto the seat.";

    [Theory]
    [InlineData(80, 0, "")]
    [InlineData(80, 2, "A circle moves.")]
    [InlineData(80, 9, Long)]
    [InlineData(120, 9, Long)]
    [InlineData(40, 9, Long)]
    public void It_has_one_height_and_no_line_is_wider_than_the_terminal(int columns, int captions, string text)
    {
        var panel = new LivePanel("rtsp://camera.example/a/very/long/path/of/a/stream/that/no/terminal/shows/in/one/line", "built-in [shapes]",
            new LiveStatistics());
        for (int i = 0; i < captions; i++)
        {
            panel.Write(new Caption(TimeSpan.FromSeconds(4 * i), TimeSpan.FromSeconds(4 * i + 4), $"{i} {text}")
            {
                Captured = DateTimeOffset.UnixEpoch.AddSeconds(4 * i),
            });
        }
        panel.Tell("a notice");
        string[] lines = Render(panel, columns);
        Assert.Equal(14, lines.Length);
        Assert.All(lines, line => Assert.Equal(columns, line.Length));
        Assert.Contains("a notice", lines[^2]);
        if (captions == 0) return;
        Assert.Contains($"{captions - 1} A", string.Join('\n', lines));
        Assert.DoesNotContain("00:00:00Z", captions == 9 ? lines[1] : "");
        if (text == Long) Assert.InRange(lines.Count(line => line.Contains('…')), 5, 12);
    }

    private static string[] Render(LivePanel panel, int columns)
    {
        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = columns;
        console.Write(panel.Draw(columns));
        return text.ToString().TrimEnd('\n').Split('\n');
    }
}
