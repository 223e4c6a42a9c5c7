namespace EdgeVideoLlava.Edge;

/// <summary>A line on a terminal that says how far a long work is; it is gone afterwards.</summary>
internal sealed class TerminalLine : IDisposable
{
    private readonly TextWriter terminal = Console.IsErrorRedirected ? TextWriter.Null : Console.Error;
    private readonly int columns = Console.IsErrorRedirected || Console.WindowWidth < 20 ? 80 : Console.WindowWidth;
    private bool isShown;

    public void Show(string text)
    {
        isShown = true;
        string line = TerminalText.Printable(text);
        if (line.Length >= columns) line = line[..(columns - 1)]; // a second line would stay
        terminal.Write($"\r\e[K{line}");
    }

    public void Dispose()
    {
        if (isShown) terminal.Write("\r\e[K");
        isShown = false;
    }
}
