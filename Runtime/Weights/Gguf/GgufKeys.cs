using System.Buffers.Binary;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights.Gguf;

/// <summary>The keys of a GGUF file with their values, which stay in the mapped file until they are asked for.</summary>
/// <remarks>Numbers convert where nothing is lost: writers differ in the whole-number types that they choose.</remarks>
internal sealed class GgufKeys
{
    /// <summary>The format's own ceiling of a key's bytes; keys, bytes of a text and elements that no file of this kind reaches.</summary>
    private const int KeyBytes = 65_535, KeyCeiling = 65_536, TextCeiling = 16 << 20, ElementCeiling = 100_000_000;

    private readonly MappedFile file;
    private readonly Dictionary<string, Value> values = [];
    private readonly HashSet<string> asked = [];

    private GgufKeys(MappedFile file) => this.file = file;

    /// <summary>All keys, in the order of the file.</summary>
    public IEnumerable<string> Names => values.Keys;

    /// <summary>Keys that nothing has asked for.</summary>
    public IEnumerable<string> Unasked => values.Keys.Where(name => !asked.Contains(name));

    public bool Has(string key) => values.ContainsKey(key);

    public GgufType TypeOf(string key) => values[key].Type;

    public string? Text(string key)
        => Find(key, GgufType.String) is not { } value ? null : GgufReader.Decode(Bytes(value)) ?? throw Wrong(key, "a text in UTF-8");

    /// <exception cref="BadInputException">It is absent, or no text.</exception>
    public string RequiredText(string key) => Text(key) ?? throw Missing(key);

    public bool? Flag(string key) => Find(key, GgufType.Bool) is { } value ? Bytes(value)[0] == 1 : null;

    /// <summary>A whole number within limits; null where the key is absent.</summary>
    /// <exception cref="BadInputException">It is another kind of value, or outside.</exception>
    public int? Int(string key, int least = 0, int most = int.MaxValue)
    {
        if (Find(key) is not { } value) return null;
        if (Number(value) is not { } number) throw Wrong(key, "a whole number");
        return number >= least && number <= most ? (int)number : throw Wrong(key, $"a whole number from {least} to {most}");
    }

    /// <inheritdoc cref="Int"/>
    public int RequiredInt(string key, int least = 0, int most = int.MaxValue) => Int(key, least, most) ?? throw Missing(key);

    /// <summary>A finite number; null where the key is absent.</summary>
    public double? Float(string key)
    {
        if (Find(key) is not { } value) return null;
        double? number = value.Type switch
        {
            GgufType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Bytes(value)),
            GgufType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(value)),
            _ => Number(value),
        };
        return number is { } finite && double.IsFinite(finite) ? number : throw Wrong(key, "a number");
    }

    /// <summary>Elements of an array; null where the key is absent.</summary>
    public long? Length(string key) => Find(key, GgufType.Array)?.Count;

    /// <summary>The texts of an array, those that are not UTF-8 with U+FFFD; null where the key is absent.</summary>
    /// <exception cref="BadInputException">It is another kind of value, or longer than the ceiling.</exception>
    public string[]? Texts(string key, int ceiling)
    {
        if (Elements(key, GgufType.String, ceiling) is not { } value) return null;
        var texts = new string[value.Count];
        var reader = new GgufReader(file) { Position = value.Offset };
        for (int i = 0; i < texts.Length; i++)
            texts[i] = System.Text.Encoding.UTF8.GetString(reader.TextBytes("a text", TextCeiling));
        return texts;
    }

    /// <summary>The numbers of an array; null where the key is absent.</summary>
    /// <inheritdoc cref="Texts" path="/exception"/>
    public float[]? Floats(string key, int ceiling)
    {
        if (Elements(key, GgufType.Float32, ceiling) is not { } value) return null;
        var floats = new float[value.Count];
        for (int i = 0; i < floats.Length; i++) floats[i] = BinaryPrimitives.ReadSingleLittleEndian(file.Span(value.Offset + 4L * i, 4));
        return floats;
    }

    /// <summary>The 32-bit whole numbers of an array; null where the key is absent.</summary>
    /// <inheritdoc cref="Texts" path="/exception"/>
    public int[]? Ints(string key, int ceiling)
    {
        GgufType type = Find(key) is { Element: GgufType.UInt32 } ? GgufType.UInt32 : GgufType.Int32;
        if (Elements(key, type, ceiling) is not { } value) return null;
        var numbers = new int[value.Count];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(file.Span(value.Offset + 4L * i, 4));
        return numbers;
    }

    /// <summary>A key with its value as it stands in the file, for another one.</summary>
    public GgufKey Copy(string key)
    {
        Value value = values[key];
        return new GgufKey(key, file.Span(value.Start, checked((int)(value.End - value.Start))).ToArray());
    }

    /// <summary>Refuses a value that would mean another model than the one implemented.</summary>
    public BadInputException Unsupported(string key, string supported)
        => new($"{Where(key)} is {Shown(key)}; supported: {supported}");

    public BadInputException Missing(string key) => new($"{file.Path}: the key {key} is missing; convert the model again");

    internal static GgufKeys Read(MappedFile file, ref GgufReader reader, long count)
    {
        var keys = new GgufKeys(file);
        for (long i = 0; i < count; i++)
        {
            long at = reader.Position;
            string name = reader.Text("a key", KeyBytes);
            if (name.Length == 0) throw reader.Broken("a key without a name", reader.Position - at);
            if (!keys.values.TryAdd(name, ReadValue(ref reader, name)))
                throw reader.Broken($"the key {name} occurs twice", reader.Position - at);
        }
        return keys;
    }

    internal static long ReadCount(ref GgufReader reader) => reader.Count("the number of keys", KeyCeiling);

    private static Value ReadValue(ref GgufReader reader, string name)
    {
        long first = reader.Position;
        GgufType type = ReadType(ref reader, name);
        if (type != GgufType.Array)
        {
            long length = type == GgufType.String ? reader.TextBytes($"the text of {name}", TextCeiling).Length
                : reader.Take(type.Bytes(), name).Length;
            var value = new Value(type, type, reader.Position - length, length, first, reader.Position);
            if (type == GgufType.Bool) RequireBool(ref reader, name, 1);
            return value;
        }
        GgufType element = ReadType(ref reader, name);
        if (element == GgufType.Array) throw reader.Broken($"{name} is an array of arrays, which is not supported", 4);
        long count = reader.Count($"the number of elements of {name}", ElementCeiling), start = reader.Position;
        if (element == GgufType.String)
        {
            for (long i = 0; i < count; i++) reader.TextBytes($"a text of {name}", TextCeiling);
        }
        else
        {
            reader.Skip(count * element.Bytes(), name);
            if (element == GgufType.Bool) RequireBool(ref reader, name, count);
        }
        return new Value(type, element, start, count, first, reader.Position);
    }

    private static GgufType ReadType(ref GgufReader reader, string name)
    {
        uint type = reader.UInt32($"the type of {name}");
        return Enum.IsDefined((GgufType)type) ? (GgufType)type : throw reader.Broken($"{name} has the unknown type {type}", 4);
    }

    private static void RequireBool(ref GgufReader reader, string name, long count)
    {
        if (reader.Behind(count).ContainsAnyExceptInRange((byte)0, (byte)1))
            throw reader.Broken($"{name} holds something else than true and false", count);
    }

    private Value? Elements(string key, GgufType element, int ceiling)
    {
        if (Find(key, GgufType.Array) is not { } value) return null;
        if (value.Element != element) throw Wrong(key, $"an array of {element}");
        return value.Count <= ceiling ? value : throw Wrong(key, $"an array of at most {ceiling} elements");
    }

    private Value? Find(string key)
    {
        asked.Add(key);
        return values.TryGetValue(key, out Value value) ? value : null;
    }

    private Value? Find(string key, GgufType type)
        => Find(key) is not { } value ? null : value.Type == type ? value : throw Wrong(key, $"of the type {type}");

    private ReadOnlySpan<byte> Bytes(Value value) => file.Span(value.Offset, (int)(value.Type == GgufType.String ? value.Count
        : value.Type.Bytes()));

    private long? Number(Value value)
    {
        ReadOnlySpan<byte> bytes = Bytes(value);
        return value.Type switch
        {
            GgufType.UInt8 => bytes[0],
            GgufType.Int8 => (sbyte)bytes[0],
            GgufType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            GgufType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes) is <= long.MaxValue and var large ? (long)large : null,
            _ => null,
        };
    }

    private string Shown(string key)
    {
        Value value = values[key];
        return value.Type switch
        {
            GgufType.String => $"\"{(value.Count <= 60 ? GgufReader.Decode(Bytes(value)) : null) ?? "..."}\"",
            GgufType.Array => $"an array of {value.Count} {value.Element}",
            GgufType.Bool => Flag(key) == true ? "true" : "false",
            GgufType.Float32 => $"{BinaryPrimitives.ReadSingleLittleEndian(Bytes(value))}",
            GgufType.Float64 => $"{BinaryPrimitives.ReadDoubleLittleEndian(Bytes(value))}",
            _ => $"{Number(value)}",
        };
    }

    private BadInputException Wrong(string key, string wanted) => new($"{Where(key)} is {Shown(key)}; {wanted} is wanted");

    private string Where(string key) => $"{file.Path}, byte {values[key].Offset}: {key}";

    /// <param name="Element">Of an array; else the type.</param>
    /// <param name="Count">Elements of an array, bytes of a text.</param>
    /// <param name="Start">Of its type's number.</param>
    /// <param name="End">Of its last byte, exclusive.</param>
    private readonly record struct Value(GgufType Type, GgufType Element, long Offset, long Count, long Start, long End);
}
