using System.Text;

namespace EdgeVideoLlava.Runtime.Text.Jinja;

/// <summary>Cuts a template into tokens, with the blanks handled as transformers sets Jinja up: trim_blocks and lstrip_blocks.</summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Signs = ["==", "!=", "<=", ">=", "//", "**", .. "+-*/%~<>=()[]{},.:|".Select(sign => sign.ToString())];

    private readonly string source;
    private readonly List<JinjaToken> tokens = [];
    private int at, line = 1;

    private JinjaLexer(string source) => this.source = source;

    public static List<JinjaToken> Read(string template)
    {
        // As Jinja does: line ends become "\n", and the last one is dropped.
        string text = template.ReplaceLineEndings("\n");
        var lexer = new JinjaLexer(text.EndsWith('\n') ? text[..^1] : text);
        lexer.ReadAll();
        return lexer.tokens;
    }

    private void ReadAll()
    {
        bool trims = false;
        while (at < source.Length)
        {
            int open = NextTag();
            AddText(source[at..open], trims, open);
            at = open;
            if (open == source.Length) break;
            trims = source[at + 1] switch
            {
                '#' => SkipComment(),
                '%' => ReadTag(JinjaTokenKind.BlockStart, JinjaTokenKind.BlockEnd, "%}"),
                _ => ReadTag(JinjaTokenKind.PrintStart, JinjaTokenKind.PrintEnd, "}}"),
            };
        }
        tokens.Add(new JinjaToken(JinjaTokenKind.End, "", line));
    }

    private int NextTag()
    {
        for (int i = at; i + 1 < source.Length; i++)
        {
            if (source[i] == '{' && source[i + 1] is '{' or '%' or '#') return i;
        }
        return source.Length;
    }

    /// <param name="trims">The tag before it ended in '-'.</param>
    /// <param name="open">Where the tag behind it begins.</param>
    private void AddText(string text, bool trims, int open)
    {
        int lines = text.AsSpan().Count('\n');
        if (trims) text = text.TrimStart();
        if (open + 2 < source.Length && source[open + 2] == '-') text = text.TrimEnd();
        else if (open + 1 < source.Length && source[open + 1] is '%' or '#' && !(open + 2 < source.Length && source[open + 2] == '+'))
        {
            string bare = text.TrimEnd(' ', '\t'); // lstrip_blocks: blanks from the line's start to the block
            if (bare.EndsWith('\n') || (bare.Length == 0 && (tokens.Count == 0 || startsLine))) text = bare;
        }
        if (text.Length > 0) tokens.Add(new JinjaToken(JinjaTokenKind.Text, text, line));
        line += lines;
    }

    private bool startsLine; // the last tag ended its line

    /// <summary>trim_blocks: the line end right behind a block is dropped.</summary>
    private void DropLineEnd()
    {
        startsLine = at < source.Length && source[at] == '\n';
        if (!startsLine) return;
        at++;
        line++;
    }

    private bool SkipComment()
    {
        int end = source.IndexOf("#}", at + 2, StringComparison.Ordinal);
        if (end < 0) throw Broken("a comment does not end");
        bool trims = source[end - 1] == '-';
        line += source.AsSpan(at, end - at).Count('\n');
        at = end + 2;
        if (!trims) DropLineEnd();
        return trims;
    }

    /// <summary>True if the tag ends in '-'.</summary>
    private bool ReadTag(JinjaTokenKind start, JinjaTokenKind end, string close)
    {
        tokens.Add(new JinjaToken(start, "", line));
        at += 2;
        if (at < source.Length && source[at] is '-' or '+') at++;
        int depth = 0; // of braces: "}}" may end two dictionaries
        while (true)
        {
            while (at < source.Length && char.IsWhiteSpace(source[at])) line += source[at++] == '\n' ? 1 : 0;
            if (at >= source.Length) throw Broken("a tag does not end");
            if (depth == 0 && Stands("-" + close) is var trims && (trims || Stands(close)))
            {
                at += trims ? 3 : 2;
                tokens.Add(new JinjaToken(end, "", line));
                startsLine = false;
                if (!trims && end == JinjaTokenKind.BlockEnd) DropLineEnd();
                return trims;
            }
            JinjaToken token = ReadToken();
            depth += token.Kind == JinjaTokenKind.Sign ? token.Text switch { "{" => 1, "}" => -1, _ => 0 } : 0;
            tokens.Add(token);
        }
    }

    private JinjaToken ReadToken()
    {
        char first = source[at];
        if (first is '"' or '\'') return ReadString(first);
        int start = at;
        if (char.IsAsciiDigit(first))
        {
            while (at < source.Length && (char.IsAsciiDigit(source[at])
                || (source[at] == '.' && at + 1 < source.Length && char.IsAsciiDigit(source[at + 1])))) at++;
            return new JinjaToken(JinjaTokenKind.Number, source[start..at], line);
        }
        if (char.IsLetter(first) || first == '_')
        {
            while (at < source.Length && (char.IsLetterOrDigit(source[at]) || source[at] == '_')) at++;
            return new JinjaToken(JinjaTokenKind.Name, source[start..at], line);
        }
        string sign = Signs.FirstOrDefault(Stands) ?? throw Broken($"the sign '{first}' is not known");
        at += sign.Length;
        return new JinjaToken(JinjaTokenKind.Sign, sign, line);
    }

    private JinjaToken ReadString(char quote)
    {
        var text = new StringBuilder();
        int began = line;
        for (at++; at < source.Length && source[at] != quote; at++)
        {
            if (source[at] == '\n') line++;
            if (source[at] != '\\' || at + 1 >= source.Length)
            {
                text.Append(source[at]);
                continue;
            }
            char escaped = source[++at];
            text.Append(escaped switch { 'n' => "\n", 't' => "\t", 'r' => "\r", '\\' or '\'' or '"' => $"{escaped}", _ => $"\\{escaped}" });
        }
        if (at >= source.Length) throw Broken("a text does not end");
        at++;
        return new JinjaToken(JinjaTokenKind.String, text.ToString(), began);
    }

    private bool Stands(string sign) => string.CompareOrdinal(source, at, sign, 0, sign.Length) == 0;

    private JinjaException Broken(string what) => new($"line {line}: {what}");
}
