using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text.Jinja;

/// <summary>The functions, filters and methods that chat templates call.</summary>
internal static class JinjaFunctions
{
    private const int RangeCeiling = 100_000;

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static object? Function(JinjaRun run, string name, object?[] arguments, Dictionary<string, object?> named)
    {
        switch (name)
        {
            case "namespace" or "dict": return named;
            case "range": return Range(run, arguments);
            case "raise_exception": throw new JinjaException($"it refuses this dialogue: {JinjaValues.Shown(arguments.FirstOrDefault())}");
            case "strftime_now" when arguments is [string format]:
                return DateTime.Now.ToString(format.Replace("%d", "dd").Replace("%b", "MMM").Replace("%B", "MMMM").Replace("%Y", "yyyy")
                    .Replace("%m", "MM").Replace("%H", "HH").Replace("%M", "mm").Replace("%S", "ss"), CultureInfo.InvariantCulture);
            default: throw run.Broken($"the function '{name}' is not supported");
        }
    }

    public static object? Filter(JinjaRun run, string name, object? of, object?[] arguments, Dictionary<string, object?> named)
    {
        switch (name)
        {
            case "trim" or "upper" or "lower" or "title" or "capitalize" or "replace":
                return Method(run, name == "trim" ? "strip" : name,
                of, arguments);
            case "length" or "count": return Length(run, of);
            case "default" or "d":
                return of is JinjaUndefined || (arguments is [_, true] && !JinjaValues.IsTrue(of))
                ? arguments.FirstOrDefault() : of;
            case "string": return JinjaValues.Shown(of);
            case "safe" or "e" or "escape": return of;
            case "int":
                return of is string text && long.TryParse(text, CultureInfo.InvariantCulture, out long number) ? number
                : (long)(JinjaValues.AsNumber(of) ?? 0);
            case "first": return (JinjaValues.Items(of) ?? throw NoList(run, name)).FirstOrDefault(JinjaValues.Undefined);
            case "last": return (JinjaValues.Items(of) ?? throw NoList(run, name)).LastOrDefault(JinjaValues.Undefined);
            case "list": return (JinjaValues.Items(of) ?? throw NoList(run, name)).ToList();
            case "reverse": return (JinjaValues.Items(of) ?? throw NoList(run, name)).Reverse().ToList();
            case "unique": return (JinjaValues.Items(of) ?? throw NoList(run, name)).Distinct().ToList();
            case "items": return Method(run, name, of, arguments);
            case "join":
                return string.Join(JinjaValues.Shown(arguments.FirstOrDefault("")),
                    (JinjaValues.Items(of) ?? throw NoList(run, name)).Select(JinjaValues.Shown));
            case "tojson": return ToJson(of, named.GetValueOrDefault("indent") ?? arguments.FirstOrDefault());
            default: throw run.Broken($"the filter '{name}' is not supported");
        }
    }

    public static object? Method(JinjaRun run, string name, object? of, object?[] arguments)
    {
        if (of is string text) return TextMethod(run, name, text, arguments);
        if (of is Dictionary<string, object?> dictionary)
        {
            return name switch
            {
                "get" when arguments is [string key, ..] => dictionary.TryGetValue(key, out object? value) ? value
                    : arguments.ElementAtOrDefault(1),
                "items" => dictionary.Select(pair => (object?)new List<object?> { pair.Key, pair.Value }).ToList(),
                "keys" => dictionary.Keys.Select(key => (object?)key).ToList(),
                "values" => dictionary.Values.ToList(),
                _ => throw run.Broken($"the method '{name}' of a dictionary is not supported"),
            };
        }
        throw run.Broken($"the method '{name}' of {JinjaValues.Kind(of)} is not supported");
    }

    private static object TextMethod(JinjaRun run, string name, string text, object?[] arguments)
    {
        string? first = arguments.FirstOrDefault() as string;
        switch (name)
        {
            case "strip": return first == null ? Blanks.Trim(text) : text.Trim(first.ToCharArray());
            case "lstrip": return first == null ? Blanks.TrimStart(text).ToString() : text.TrimStart(first.ToCharArray());
            case "rstrip": return first == null ? Blanks.TrimEnd(text).ToString() : text.TrimEnd(first.ToCharArray());
            case "upper": return text.ToUpperInvariant();
            case "lower": return text.ToLowerInvariant();
            case "title": return CultureInfo.InvariantCulture.TextInfo.ToTitleCase(text.ToLowerInvariant());
            case "capitalize": return text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();
            case "startswith" when first != null: return text.StartsWith(first, StringComparison.Ordinal);
            case "endswith" when first != null: return text.EndsWith(first, StringComparison.Ordinal);
            case "replace" when first is { Length: > 0 } && arguments.ElementAtOrDefault(1) is string other:
                if ((long)text.Length * (other.Length + 1) > 16 << 20) throw run.Broken("a text that grows beyond any prompt");
                return text.Replace(first, other, StringComparison.Ordinal);
            case "split":
                IEnumerable<string> parts = first is { Length: > 0 } ? text.Split(first)
                    : text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                return parts.Select(part => (object?)part).ToList();
            default: throw run.Broken($"the method '{name}' of a text is not supported");
        }
    }

    private static List<object?> Range(JinjaRun run, object?[] arguments)
    {
        long[] numbers = [.. arguments.Select(argument => argument as long? ?? throw run.Broken("a range of something that is no number"))];
        (long start, long end, long step) = numbers switch
        {
            [var e] => (0, e, 1),
            [var s, var e] => (s, e, 1),
            [var s, var e, not 0 and var by] => (s, e, by),
            _ => throw run.Broken("a range without an end"),
        };
        var range = new List<object?>();
        for (long number = start; step > 0 ? number < end : number > end; number += step)
        {
            if (range.Count == RangeCeiling) throw run.Broken($"a range of more than {RangeCeiling} numbers");
            range.Add(number);
        }
        return range;
    }

    private static long Length(JinjaRun run, object? of) => of switch
    {
        string text => text.Length,
        List<object?> list => list.Count,
        Dictionary<string, object?> dictionary => dictionary.Count,
        JinjaUndefined => 0,
        _ => throw run.Broken($"the length of {JinjaValues.Kind(of)}"),
    };

    /// <summary>As Python's json.dumps writes it: ", " and ": " between values.</summary>
    private static string ToJson(object? value, object? indent)
    {
        if (indent != null && JinjaValues.Shown(value).Length > 1 << 20) throw new JinjaException("a text that grows beyond any prompt");
        if (indent is long spaces)
        {
            int size = (int)Math.Clamp(spaces, 0, 16);
            return JsonSerializer.Serialize(value, new JsonSerializerOptions(Json) { WriteIndented = true, IndentSize = size });
        }
        return JinjaValues.Shallow(value) switch
        {
            List<object?> list => $"[{string.Join(", ", list.Select(item => ToJson(item, null)))}]",
            Dictionary<string, object?> dictionary
                => $"{{{string.Join(", ", dictionary.Select(pair => $"{ToJson(pair.Key, null)}: {ToJson(pair.Value, null)}"))}}}",
            JinjaUndefined => "null",
            double number => JinjaValues.Shown(number),
            _ => JsonSerializer.Serialize(value, Json),
        };
    }

    private static JinjaException NoList(JinjaRun run, string filter) => run.Broken($"the filter '{filter}' of something that is no list");
}
