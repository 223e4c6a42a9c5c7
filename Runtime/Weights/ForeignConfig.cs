using System.Text.Json;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>An object of a third party's config.json: every key is asked for with the reference class's default, and
/// those never asked for are known.</summary>
internal sealed class ForeignConfig(JsonElement json, string where)
{
    private readonly HashSet<string> asked = [];

    /// <summary>File and object, for messages.</summary>
    public string Where { get; } = where;

    public int Int(string key, int fallback) => Find(key) is { } value ? AsInt(key, value) : fallback;

    public int? Int(string key) => Find(key) is { } value ? AsInt(key, value) : null;

    /// <summary>A whole number within limits: a size that memory is reserved by, or a divisor.</summary>
    public int Int(string key, int fallback, int least, int most)
        => Int(key, fallback) is var number && number >= least && number <= most ? number
            : throw new BadInputException($"{Where}: {key} is {number}; {least} to {most} is possible");

    /// <summary>A number above zero, or zero and above, and finite.</summary>
    public double Number(string key, double fallback, bool orZero)
    {
        if (Find(key) is not { } value) return fallback;
        double number = value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw Wrong(key, value, "a number");
        return float.IsFinite((float)number) && (number > 0 || (orZero && number == 0)) ? number
            : throw Wrong(key, value, orZero ? "a number from 0 up" : "a number above 0");
    }

    public string Text(string key, string fallback)
        => Find(key) is not { } value ? fallback : value.ValueKind == JsonValueKind.String ? value.GetString()!
        : throw Wrong(key, value, "a text");

    public bool Flag(string key, bool fallback) => Find(key) is not { } value ? fallback : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(key, value, "true or false"),
    };

    /// <summary>A nested object; null when it is absent or null.</summary>
    public ForeignConfig? Object(string key)
        => Find(key) is not { } value ? null : value.ValueKind == JsonValueKind.Object ? new ForeignConfig(value, $"{Where}, {key}")
        : throw Wrong(key, value, "an object");

    /// <summary>Refuses a value that would mean another model than the one implemented.</summary>
    public void Require(string key, string fallback, params ReadOnlySpan<string> accepted)
    {
        string value = Text(key, fallback);
        if (!accepted.Contains(value))
            throw new BadInputException($"{Where}: {key} is \"{value}\"; supported: {string.Join(", ", accepted.ToArray())}");
    }

    public void RequireFalse(string key)
    {
        if (Flag(key, false)) throw new BadInputException($"{Where}: {key} is true, which is not supported");
    }

    /// <summary>Keys of the file that nothing asked for and that are not in the list of keys known to mean nothing here.</summary>
    public IEnumerable<string> Unknown(IReadOnlySet<string> ignored)
        => json.EnumerateObject().Select(property => property.Name).Where(name => !asked.Contains(name) && !ignored.Contains(name));

    private JsonElement? Find(string key)
    {
        asked.Add(key);
        return json.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private int AsInt(string key, JsonElement value)
        => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number
        : throw Wrong(key, value, "a whole number");

    private BadInputException Wrong(string key, JsonElement value, string wanted)
        => new($"{Where}: {key} is {(value.GetRawText() is { Length: <= 60 } raw ? raw : "something else")}; {wanted} is wanted");
}
