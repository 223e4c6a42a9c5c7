using System.Globalization;

namespace EdgeVideoLlava.Runtime.Text.Jinja;

/// <summary>Tokens to the parts of a template: texts, prints, for, if, set.</summary>
internal sealed class JinjaParser
{
    private const int DepthCeiling = 100;

    private readonly JinjaExpressions expressions;
    private readonly JinjaTokens tokens;
    private int depth;

    private JinjaParser(string template)
    {
        tokens = new JinjaTokens(JinjaLexer.Read(template));
        expressions = new JinjaExpressions(tokens);
    }

    /// <exception cref="JinjaException">It is not Jinja, or more of it than is supported.</exception>
    public static IReadOnlyList<JinjaPart> Parse(string template)
    {
        var parser = new JinjaParser(template);
        List<JinjaPart> parts = parser.Parts();
        return parser.tokens.Next.Kind == JinjaTokenKind.End ? parts : throw parser.tokens.Broken("an end without a beginning");
    }

    /// <summary>As far as a block that ends or continues the one around it.</summary>
    private List<JinjaPart> Parts(params string[] ends)
    {
        if (++depth > DepthCeiling) throw tokens.Broken("blocks within blocks, too deep");
        var parts = new List<JinjaPart>();
        while (tokens.Next.Kind != JinjaTokenKind.End)
        {
            JinjaToken token = tokens.Next;
            if (token.Kind == JinjaTokenKind.BlockStart && ends.Contains(tokens.After.Text)) break;
            tokens.Take();
            parts.Add(token.Kind switch
            {
                JinjaTokenKind.Text => new Literal(token.Text, token.Line),
                JinjaTokenKind.PrintStart => Printed(token.Line),
                JinjaTokenKind.BlockStart => Block(token.Line),
                _ => throw tokens.Broken("something outside of a tag"),
            });
        }
        depth--;
        return parts;
    }

    private Print Printed(int line)
    {
        JinjaNode value = expressions.Expression();
        tokens.Take(JinjaTokenKind.PrintEnd);
        return new Print(value, line);
    }

    private JinjaPart Block(int line)
    {
        string word = tokens.Take(JinjaTokenKind.Name).Text;
        return word switch
        {
            "for" => For(line),
            "if" => If(line),
            "set" => Set(line),
            _ => throw tokens.Broken($"the block '{word}' is not supported"),
        };
    }

    private Loop For(int line)
    {
        var names = new List<string> { tokens.Take(JinjaTokenKind.Name).Text };
        while (tokens.TakeIf(",")) names.Add(tokens.Take(JinjaTokenKind.Name).Text);
        tokens.Take("in");
        JinjaNode over = expressions.WithoutChoice();
        JinjaNode? condition = tokens.TakeIf("if") ? expressions.Expression() : null;
        tokens.Take(JinjaTokenKind.BlockEnd);
        List<JinjaPart> body = Parts("endfor", "else"), otherwise = [];
        if (EndOf("endfor", "else") == "else")
        {
            otherwise = Parts("endfor");
            EndOf("endfor");
        }
        return new Loop(names, over, condition, body, otherwise, line);
    }

    private Branch If(int line)
    {
        var ways = new List<(JinjaNode?, IReadOnlyList<JinjaPart>)>();
        string word = "elif";
        while (word != "endif")
        {
            JinjaNode? condition = null;
            if (word == "elif")
            {
                condition = expressions.Expression();
                tokens.Take(JinjaTokenKind.BlockEnd);
            }
            ways.Add((condition, Parts("elif", "else", "endif")));
            tokens.Take(JinjaTokenKind.BlockStart);
            word = tokens.Take(JinjaTokenKind.Name).Text;
            if (condition == null && word != "endif") throw tokens.Broken($"{word} after else");
            if (word != "elif") tokens.Take(JinjaTokenKind.BlockEnd);
        }
        return new Branch(ways, line);
    }

    private Assignment Set(int line)
    {
        string name = tokens.Take(JinjaTokenKind.Name).Text;
        string? field = tokens.TakeIf(".") ? tokens.Take(JinjaTokenKind.Name).Text : null;
        tokens.Take("=");
        JinjaNode value = expressions.Expression();
        tokens.Take(JinjaTokenKind.BlockEnd);
        return new Assignment(name, field, value, line);
    }

    private string EndOf(params string[] words)
    {
        tokens.Take(JinjaTokenKind.BlockStart);
        string word = tokens.Take(JinjaTokenKind.Name).Text;
        tokens.Take(JinjaTokenKind.BlockEnd);
        return words.Contains(word) ? word : throw tokens.Broken($"'{word}' where {string.Join(" or ", words)} should stand");
    }
}

/// <summary>The tokens that are left.</summary>
internal sealed class JinjaTokens(List<JinjaToken> tokens)
{
    private int at;

    public JinjaToken Next => tokens[at];

    public JinjaToken After => tokens[Math.Min(at + 1, tokens.Count - 1)];

    public JinjaToken Take() => Next.Kind == JinjaTokenKind.End ? throw Broken("an early end") : tokens[at++];

    public JinjaToken Take(JinjaTokenKind kind)
        => Next.Kind == kind || Next.Kind == JinjaTokenKind.End ? Take() :
            throw Broken($"'{Next.Text}', a {Next.Kind}, where a {kind} should stand");

    public void Take(string sign)
    {
        if (!TakeIf(sign)) throw Broken($"'{Next.Text}' where '{sign}' should stand");
    }

    public bool TakeIf(string sign)
    {
        if (!Next.Is(sign)) return false;
        at++;
        return true;
    }

    public JinjaException Broken(string what) => new(string.Create(CultureInfo.InvariantCulture, $"line {Next.Line}: {what}"));
}
