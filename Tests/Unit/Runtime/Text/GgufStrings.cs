using System.Buffers.Binary;
using System.Text;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

/// <summary>The string and number arrays among a GGUF file's metadata, for tests of vocabularies that exist in this form only.</summary>
internal sealed class GgufStrings
{
    private readonly BinaryReader reader;
    private readonly Dictionary<string, object> values = [];

    public GgufStrings(string path)
    {
        using FileStream stream = File.OpenRead(path);
        using (reader = new BinaryReader(stream))
        {
            Assert.Equal("GGUF", Encoding.ASCII.GetString(reader.ReadBytes(4)));
            Assert.Equal(3, reader.ReadInt32());
            reader.ReadInt64();
            for (long keys = reader.ReadInt64(); keys > 0; keys--) values.Add(Text(), Value(reader.ReadInt32()));
        }
    }

    public string[] Texts(string key) => [.. ((object[])values[key]).Cast<string>()];

    public int[] Numbers(string key) => [.. ((object[])values[key]).Cast<int>()];

    public int Number(string key) => (int)values[key];

    private string Text() => Encoding.UTF8.GetString(reader.ReadBytes(checked((int)reader.ReadInt64())));

    private object Value(int type) => type switch
    {
        0 or 1 or 7 => (int)reader.ReadByte(),
        2 or 3 => (int)reader.ReadInt16(),
        4 or 5 => reader.ReadInt32(),
        6 => BinaryPrimitives.ReadSingleLittleEndian(reader.ReadBytes(4)),
        8 => Text(),
        9 => Array(reader.ReadInt32(), reader.ReadInt64()),
        10 or 11 or 12 => reader.ReadInt64(),
        _ => throw new InvalidDataException($"type {type}"),
    };

    private object[] Array(int type, long count)
    {
        var values = new object[count];
        for (long i = 0; i < count; i++) values[i] = Value(type);
        return values;
    }
}
