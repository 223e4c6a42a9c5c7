using System.Globalization;

namespace EdgeVideoLlava.Tests.Ptx.Text;

/// <summary>The operands of an instruction as slots.</summary>
internal sealed class Operands(Slots slots, IReadOnlyList<SharedArray> shared, string text)
{
    private readonly List<string> words = Split(text);

    public int Count => words.Count;

    public string this[int i] => i < words.Count ? words[i] : throw new NotSupportedException($"{words.Count} operands");

    /// <summary>The register that takes a result.</summary>
    public int Result(int i) => slots.Register(this[i]);

    /// <summary>Registers between braces, or one.</summary>
    public int[] Results(int i) => [.. Parts(this[i]).Select(slots.Register)];

    /// <summary>A register, an immediate or an array's address.</summary>
    public int Source(int i) => Source(this[i]);

    public int[] Sources(int i) => [.. Parts(this[i]).Select(Source)];

    /// <summary>A whole number in the text itself.</summary>
    public int Number(int i) => int.Parse(this[i], CultureInfo.InvariantCulture);

    /// <summary>Of "[base+offset]".</summary>
    public (string Base, int Offset) Address(int i)
    {
        string word = this[i];
        if (word[0] != '[' || word[^1] != ']') throw new NotSupportedException($"address {word}");
        string[] parts = word[1..^1].Split('+', StringSplitOptions.TrimEntries);
        return (parts[0], parts.Length == 1 ? 0 : int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public int Source(string word)
    {
        if (word[0] == '%') return slots.Source(word);
        if (shared.FirstOrDefault(array => array.Name == word) is { } known) return slots.Constant((ulong)known.Address);
        return slots.Constant(Immediate(word));
    }

    /// <summary>Bytes of a number of a type that memory operations name.</summary>
    public static int TypeBytes(string type) => type switch
    {
        "b8" or "u8" => 1,
        "b16" or "u16" => 2,
        "b32" or "u32" or "s32" or "f32" => 4,
        "b64" or "u64" or "s64" or "f64" => 8,
        _ => throw new NotSupportedException($"type {type}"),
    };

    /// <summary>0f and 0d are the bits of a float.</summary>
    private static ulong Immediate(string word)
    {
        if (word.StartsWith("0f", StringComparison.OrdinalIgnoreCase)) return Hexadecimal(word) & uint.MaxValue;
        if (word.StartsWith("0d", StringComparison.OrdinalIgnoreCase)) return Hexadecimal(word);
        return word[0] == '-'
            ? (ulong)long.Parse(word, CultureInfo.InvariantCulture)
            : ulong.Parse(word, CultureInfo.InvariantCulture);
    }

    private static ulong Hexadecimal(string word)
        => ulong.Parse(word.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static string[] Parts(string word) => word[0] == '{' ? word[1..^1].Split(',', StringSplitOptions.TrimEntries) : [word];

    /// <summary>At commas outside braces and brackets.</summary>
    private static List<string> Split(string text)
    {
        var words = new List<string>();
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '[') depth++;
            else if (text[i] is '}' or ']') depth--;
            else if (text[i] == ',' && depth == 0)
            {
                words.Add(text[start..i].Trim());
                start = i + 1;
            }
        }
        if (text[start..].Trim() is { Length: > 0 } last) words.Add(last);
        return words;
    }
}
