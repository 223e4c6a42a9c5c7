namespace EdgeVideoLlava.Edge;

/// <summary>A line on a terminal that says how far a long work is; it is gone afterwards.</summary>
internal sealed class TerminalLine : IDisposable
{
    private readonly TextWriter terminal = Console.IsErrorRedirected ? TextWriter.Null : Console.Error;
    private bool isShown;

    public void Show(string text)
    {
        isShown = true;
        terminal.Write($"\r\e[K{TerminalText.Printable(text)}");
    }

    public void Dispose()
    {
        if (isShown) terminal.Write("\r\e[K");
        isShown = false;
    }
}
