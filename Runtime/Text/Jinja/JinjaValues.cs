using System.Globalization;
using System.Runtime.CompilerServices;

namespace EdgeVideoLlava.Runtime.Text.Jinja;

/// <summary>What a name that is not set gives.</summary>
internal sealed class JinjaUndefined;

/// <summary>Python's rules for the values of a template.</summary>
internal static class JinjaValues
{
    public static readonly JinjaUndefined Undefined = new();

    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        Dictionary<string, object?> dictionary => dictionary.Count > 0,
        _ => true,
    };

    /// <summary>As a template prints it.</summary>
    /// <exception cref="JinjaException">Lists stand in lists, too deep.</exception>
    public static string Shown(object? value) => Shallow(value) switch
    {
        JinjaUndefined => "",
        null => "None",
        bool flag => flag ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => Python(number),
        string text => text,
        List<object?> list => $"[{string.Join(", ", list.Select(Quoted))}]",
        Dictionary<string, object?> dictionary
            => $"{{{string.Join(", ", dictionary.Select(pair => $"{Quoted(pair.Key)}: {Quoted(pair.Value)}"))}}}",
        _ => value?.ToString() ?? "",
    };

    public static bool AreEqual(object? left, object? right) => (Shallow(left), right) switch
    {
        (JinjaUndefined, JinjaUndefined) => true,
        (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => AreEqual(pair.First, pair.Second)),
        _ when AsNumber(left) is { } a && AsNumber(right) is { } b => a == b,
        _ => Equals(left, right),
    };

    /// <summary>Null where it can contain nothing.</summary>
    public static bool? Contains(object? of, object? value) => of switch
    {
        string text => value is string part ? text.Contains(part, StringComparison.Ordinal) : false,
        List<object?> list => list.Any(item => AreEqual(item, value)),
        Dictionary<string, object?> dictionary => value is string key && dictionary.ContainsKey(key),
        JinjaUndefined => false,
        _ => null,
    };

    /// <summary>What a loop goes over; null where it is nothing of the kind.</summary>
    public static IEnumerable<object?>? Items(object? value) => value switch
    {
        List<object?> list => list,
        Dictionary<string, object?> dictionary => dictionary.Keys,
        string text => text.Select(letter => (object?)letter.ToString()),
        JinjaUndefined => [],
        _ => null,
    };

    public static double? AsNumber(object? value) => value switch
    {
        long number => number,
        double number => number,
        bool flag => flag ? 1 : 0,
        _ => null,
    };

    public static string Kind(object? value) => value switch
    {
        null => "none",
        JinjaUndefined => "something undefined",
        bool => "a boolean",
        long or double => "a number",
        string => "a text",
        List<object?> => "a list",
        _ => "a dictionary",
    };

    /// <summary>The value itself, which a template may have nested so deep that the stack would not hold it.</summary>
    public static object? Shallow(object? value) => RuntimeHelpers.TryEnsureSufficientExecutionStack() ? value
        : throw new JinjaException("lists within lists, too deep");

    private static string Python(double number)
        => number == Math.Floor(number) && Math.Abs(number) < 1e16 ? number.ToString("0.0", CultureInfo.InvariantCulture)
            : number.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(object? value) => value is string text ? $"'{text.Replace("\\", "\\\\").Replace("'", "\\'")}'"
        : Shown(value);
}
