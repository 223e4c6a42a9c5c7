namespace EdgeVideoLlava.Runtime.Text.Jinja;

/// <summary>One rendering of a template: values of its expressions, and the steps that it may still take.</summary>
internal sealed class JinjaRun(int steps)
{
    private const int TextCeiling = 16 << 20, ListCeiling = 100_000;

    private int left = steps;

    /// <summary>Of the part that is rendered.</summary>
    public int Line { get; set; }

    public void Step()
    {
        left--;
        if (left < 0) throw Broken("it takes more steps than any chat");
    }

    public JinjaException Broken(string what) => new($"line {Line}: {what}");

    public object? Value(JinjaNode node, Dictionary<string, object?> scope)
    {
        Step();
        switch (node)
        {
            case Constant constant: return constant.Value;
            case Variable variable: return scope.TryGetValue(variable.Name, out object? value) ? value : JinjaValues.Undefined;
            case ListOf list: return list.Items.Select(item => Value(item, scope)).ToList();
            case DictionaryOf dictionary: return DictionaryValue(dictionary, scope);
            case Member member: return Member(Value(member.Of, scope), Value(member.Index, scope));
            case Slice slice: return SliceValue(slice, scope);
            case Choice choice:
                JinjaNode? chosen = JinjaValues.IsTrue(Value(choice.Condition, scope)) ? choice.Then : choice.Else;
                return chosen == null ? JinjaValues.Undefined : Value(chosen, scope);
            case Unary { Sign: "not" } not: return !JinjaValues.IsTrue(Value(not.Of, scope));
            case Unary minus: return Binary("-", 0L, Value(minus.Of, scope));
            case Binary { Sign: "and" } and:
                return Value(and.Left, scope) is var left && JinjaValues.IsTrue(left)
                ? Value(and.Right, scope) : left;
            case Binary { Sign: "or" } or:
                return Value(or.Left, scope) is var either && JinjaValues.IsTrue(either) ? either
                : Value(or.Right, scope);
            case Binary binary: return Binary(binary.Sign, Value(binary.Left, scope), Value(binary.Right, scope));
            case Test test: return TestValue(test, scope) != test.Negated;
            case Call call: return CallValue(call, scope);
            default: throw Broken($"{node.GetType().Name} is not supported");
        }
    }

    private Dictionary<string, object?> DictionaryValue(DictionaryOf node, Dictionary<string, object?> scope)
    {
        var dictionary = new Dictionary<string, object?>();
        foreach ((JinjaNode key, JinjaNode value) in node.Items)
            dictionary[Value(key, scope) as string ?? throw Broken("a key that is no text")] = Value(value, scope);
        return dictionary;
    }

    private object? Member(object? of, object? index) => (of, index) switch
    {
        (JinjaUndefined, _) => throw Broken($"'{JinjaValues.Shown(index)}' of something undefined"),
        (Dictionary<string, object?> dictionary, string key) => dictionary.TryGetValue(key, out object? value) ? value
            : JinjaValues.Undefined,
        (List<object?> list, long at) => At(list.Count, at) is { } place ? list[place] : JinjaValues.Undefined,
        (string text, long at) => At(text.Length, at) is { } place ? text[place].ToString() : JinjaValues.Undefined,
        _ => JinjaValues.Undefined,
    };

    private static int? At(int count, long index)
    {
        if (index < 0) index += count;
        return index >= 0 && index < count ? (int)index : null;
    }

    private object SliceValue(Slice slice, Dictionary<string, object?> scope)
    {
        object? of = Value(slice.Of, scope);
        long step = Number(slice.Step, 1, scope);
        int count = of switch { List<object?> list => list.Count, string text => text.Length, _ => throw Broken("a slice of no list") };
        if (step is 0 or < -1 or > 1) throw Broken("a slice with another step than 1 and -1");
        if (step == -1)
        {
            if (slice.Start != null || slice.End != null) throw Broken("a slice backwards of a part");
            return of is List<object?> forward ? Enumerable.Reverse(forward).ToList() : new string([.. ((string)of!).Reverse()]);
        }
        int start = Clamp(Number(slice.Start, 0, scope)), end = Math.Max(start, Clamp(Number(slice.End, count, scope)));
        return of is List<object?> items ? items[start..end] : ((string)of!)[start..end];

        int Clamp(long index) => (int)Math.Clamp(index < 0 ? index + count : index, 0, count);
    }

    private long Number(JinjaNode? node, long usual, Dictionary<string, object?> scope)
        => node == null ? usual : Value(node, scope) switch
        {
            null => usual,
            long number => number,
            _ => throw Broken("an index that is no number"),
        };

    private object? Binary(string sign, object? left, object? right)
    {
        switch (sign)
        {
            case "==": return JinjaValues.AreEqual(left, right);
            case "!=": return !JinjaValues.AreEqual(left, right);
            case "~": return Joined(JinjaValues.Shown(left), JinjaValues.Shown(right));
            case "in": return JinjaValues.Contains(right, left) ?? throw Broken("'in' of something that is no list, text or dictionary");
            case "+" when left is string a && right is string b: return Joined(a, b);
            case "+" when left is List<object?> a && right is List<object?> b:
                return a.Count + b.Count <= ListCeiling ? new List<object?>([.. a, .. b]) : throw Broken("a list that grows without end");
            case "<" or ">" or "<=" or ">=" when left is string a && right is string b: return Compare(sign, string.CompareOrdinal(a, b));
            default: return Arithmetic(sign, left, right);
        }
    }

    private string Joined(string left, string right)
        => left.Length + (long)right.Length <= TextCeiling ? left + right : throw Broken("a text that grows beyond any prompt");

    private object Arithmetic(string sign, object? left, object? right)
    {
        if (left is long a && right is long b)
        {
            if (b == 0 && sign is "/" or "//" or "%") throw Broken("a division by zero");
            return sign switch
            {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "/" => (double)a / b,
                "//" => (long)Math.Floor((double)a / b),
                "%" => ((a % b) + b) % b,
                _ => Compare(sign, a.CompareTo(b)),
            };
        }
        if (JinjaValues.AsNumber(left) is { } x && JinjaValues.AsNumber(right) is { } y)
            return sign switch { "+" => x + y, "-" => x - y, "*" => x * y, "/" => x / y, _ => Compare(sign, x.CompareTo(y)) };
        throw Broken($"'{sign}' of {JinjaValues.Kind(left)} and {JinjaValues.Kind(right)}");
    }

    private static bool Compare(string sign, int order)
        => sign switch { "<" => order < 0, ">" => order > 0, "<=" => order <= 0, _ => order >= 0 };

    private bool TestValue(Test test, Dictionary<string, object?> scope)
    {
        object? value = Value(test.Of, scope);
        return test.Name switch
        {
            "defined" => value is not JinjaUndefined,
            "undefined" => value is JinjaUndefined,
            "none" => value is null,
            "string" => value is string,
            "mapping" => value is Dictionary<string, object?>,
            "iterable" => value is string or List<object?> or Dictionary<string, object?>,
            "sequence" => value is string or List<object?>,
            "number" => value is long or double,
            "integer" => value is long,
            "boolean" => value is bool,
            "true" => value is true,
            "false" => value is false,
            "odd" => value is long number && number % 2 != 0,
            "even" => value is long number && number % 2 == 0,
            "in" when test.Argument != null => JinjaValues.Contains(Value(test.Argument, scope), value) ?? false,
            "equalto" or "eq" when test.Argument != null => JinjaValues.AreEqual(value, Value(test.Argument, scope)),
            _ => throw Broken($"the test '{test.Name}' is not supported"),
        };
    }

    private object? CallValue(Call call, Dictionary<string, object?> scope)
    {
        object?[] arguments = [.. call.Arguments.Select(argument => Value(argument, scope))];
        Dictionary<string, object?> named = call.Named.ToDictionary(pair => pair.Name, pair => Value(pair.Value, scope));
        if (call.Of == null) return JinjaFunctions.Function(this, call.Name, arguments, named);
        object? of = Value(call.Of, scope);
        return call.IsFilter ? JinjaFunctions.Filter(this, call.Name, of, arguments, named)
            : JinjaFunctions.Method(this, call.Name, of, arguments);
    }
}
