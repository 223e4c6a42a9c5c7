using System.Text;

namespace EdgeVideoLlava.Edge;

/// <summary>A model can say escape sequences; a terminal would obey them.</summary>
internal static class TerminalText
{
    /// <summary>The text without control characters, but for line breaks and tabs.</summary>
    public static string Printable(string text) => string.Concat(text.Where(c => c is '\n' or '\t' || !char.IsControl(c)));

    /// <summary>Columns of the terminal that standard output is; without one, lines have no end.</summary>
    public static int Columns => Console.IsOutputRedirected ? int.MaxValue : Math.Max(40, Console.WindowWidth);

    /// <summary>The line, or as much of it as there are columns for.</summary>
    public static string Crop(string line, int columns) => line.Length <= columns ? line : $"{line[..Math.Max(0, columns - 1)]}…";

    /// <summary>The line broken at spaces so that no part is wider than the terminal; parts after the first are indented.</summary>
    public static string Fold(string line, int indent, int columns)
    {
        var folded = new StringBuilder();
        ReadOnlySpan<char> rest = line;
        for (int width = columns; rest.Length > width; width = columns - indent)
        {
            int at = rest[..(width + 1)].LastIndexOf(' ');
            if (at <= 0) break; // a word that is wider than the terminal
            folded.Append(rest[..at]).Append('\n').Append(' ', indent);
            rest = rest[(at + 1)..];
        }
        return folded.Append(rest).ToString();
    }
}
