using System.Globalization;

namespace EdgeVideoLlava.Runtime.Text.Jinja;

/// <summary>Tokens to expressions, by the precedence of Jinja's operators.</summary>
internal sealed class JinjaExpressions(JinjaTokens tokens)
{
    private const int DepthCeiling = 200;

    private int depth;

    public JinjaNode Expression()
    {
        JinjaNode value = WithoutChoice();
        if (!tokens.TakeIf("if")) return value;
        JinjaNode condition = WithoutChoice();
        return new Choice(condition, value, tokens.TakeIf("else") ? Expression() : null);
    }

    /// <summary>An expression that ends before an "if".</summary>
    public JinjaNode WithoutChoice()
    {
        if (++depth > DepthCeiling) throw tokens.Broken("expressions within expressions, too deep");
        JinjaNode value = And();
        while (tokens.TakeIf("or")) value = new Binary("or", value, And());
        depth--;
        return value;
    }

    private JinjaNode And()
    {
        JinjaNode value = Not();
        while (tokens.TakeIf("and")) value = new Binary("and", value, Not());
        return value;
    }

    private JinjaNode Not()
    {
        bool negates = false;
        while (tokens.TakeIf("not")) negates = !negates;
        return negates ? new Unary("not", Comparison()) : Comparison();
    }

    private JinjaNode Comparison()
    {
        JinjaNode value = Sum();
        while (true)
        {
            if (new[] { "==", "!=", "<=", ">=", "<", ">", "in" }.FirstOrDefault(tokens.Next.Is) is { } sign)
            {
                tokens.Take();
                value = new Binary(sign, value, Sum());
            }
            else if (tokens.Next.Is("not") && tokens.After.Is("in"))
            {
                tokens.Take();
                tokens.Take();
                value = new Unary("not", new Binary("in", value, Sum()));
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaNode Sum() => Binary(Product, "+", "-", "~");

    private JinjaNode Product() => Binary(Signed, "*", "/", "//", "%");

    private JinjaNode Binary(Func<JinjaNode> part, params string[] signs)
    {
        JinjaNode value = part();
        while (signs.FirstOrDefault(tokens.Next.Is) is { } sign)
        {
            tokens.Take();
            value = new Binary(sign, value, part());
        }
        return value;
    }

    private JinjaNode Signed()
    {
        bool negates = false;
        while (tokens.Next.Is("-") || tokens.Next.Is("+")) negates ^= tokens.Take().Text == "-";
        JinjaNode value = Postfix(Primary());
        return negates ? new Unary("-", value) : value;
    }

    private JinjaNode Postfix(JinjaNode value)
    {
        while (true)
        {
            if (tokens.TakeIf("."))
            {
                string name = tokens.Take(JinjaTokenKind.Name).Text;
                value = tokens.Next.Is("(") ? Called(value, name, isFilter: false) : new Member(value, new Constant(name));
            }
            else if (tokens.TakeIf("["))
            {
                value = Indexed(value);
            }
            else if (tokens.TakeIf("|"))
            {
                value = Called(value, tokens.Take(JinjaTokenKind.Name).Text, isFilter: true);
            }
            else if (tokens.TakeIf("is"))
            {
                bool negated = tokens.TakeIf("not");
                string name = tokens.Take(JinjaTokenKind.Name).Text;
                value = new Test(value, name, tokens.TakeIf("(") ? Closed(")") : null, negated);
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaNode Indexed(JinjaNode of)
    {
        JinjaNode? start = tokens.Next.Is(":") ? null : Expression();
        if (start != null && tokens.TakeIf("]")) return new Member(of, start);
        tokens.Take(":");
        JinjaNode? end = tokens.Next.Is(":") || tokens.Next.Is("]") ? null : Expression();
        JinjaNode? step = tokens.TakeIf(":") && !tokens.Next.Is("]") ? Expression() : null;
        tokens.Take("]");
        return new Slice(of, start, end, step);
    }

    private Call Called(JinjaNode? of, string name, bool isFilter)
    {
        var arguments = new List<JinjaNode>();
        var named = new List<(string, JinjaNode)>();
        if (!tokens.TakeIf("(")) return new Call(of, name, arguments, named, isFilter);
        while (!tokens.TakeIf(")"))
        {
            if (tokens.Next.Kind == JinjaTokenKind.Name && tokens.After.Is("="))
            {
                string key = tokens.Take().Text;
                tokens.Take();
                named.Add((key, Expression()));
            }
            else
            {
                arguments.Add(Expression());
            }
            if (!tokens.TakeIf(",") && !tokens.Next.Is(")")) throw tokens.Broken("arguments that do not end");
        }
        return new Call(of, name, arguments, named, isFilter);
    }

    private JinjaNode Primary()
    {
        JinjaToken token = tokens.Take();
        switch (token.Kind)
        {
            case JinjaTokenKind.String:
                string text = token.Text;
                while (tokens.Next.Kind == JinjaTokenKind.String) text += tokens.Take().Text;
                return new Constant(text);
            case JinjaTokenKind.Number when token.Text.Contains('.'):
                return new Constant(double.Parse(token.Text, CultureInfo.InvariantCulture));
            case JinjaTokenKind.Number:
                return long.TryParse(token.Text, CultureInfo.InvariantCulture, out long number) ? new Constant(number)
                    : throw tokens.Broken($"the number {token.Text} is too large");
            case JinjaTokenKind.Name: return Named(token.Text);
            case JinjaTokenKind.Sign when token.Text == "(": return Closed(")");
            case JinjaTokenKind.Sign when token.Text == "[": return new ListOf(Items("]", Expression));
            case JinjaTokenKind.Sign when token.Text == "{": return new DictionaryOf(Items("}", Pair));
            default: throw tokens.Broken($"'{token.Text}' where a value should stand");
        }
    }

    private JinjaNode Named(string name) => name switch
    {
        "true" or "True" => new Constant(true),
        "false" or "False" => new Constant(false),
        "none" or "None" => new Constant(null),
        _ => tokens.Next.Is("(") ? Called(null, name, isFilter: false) : new Variable(name),
    };

    private (JinjaNode, JinjaNode) Pair()
    {
        JinjaNode key = Expression();
        tokens.Take(":");
        return (key, Expression());
    }

    private List<T> Items<T>(string close, Func<T> read)
    {
        var items = new List<T>();
        while (!tokens.TakeIf(close))
        {
            items.Add(read());
            if (!tokens.TakeIf(",") && !tokens.Next.Is(close)) throw tokens.Broken($"'{close}' is missing");
        }
        return items;
    }

    private JinjaNode Closed(string close)
    {
        JinjaNode value = Expression();
        tokens.Take(close);
        return value;
    }
}
