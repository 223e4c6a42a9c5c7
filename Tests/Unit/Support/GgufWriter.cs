using System.Text;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Writes GGUF files of version 3, whose keys and tensors a test changes.</summary>
internal static class GgufWriter
{
    private static readonly Dictionary<StorageType, uint> Types = new()
    {
        [StorageType.F32] = 0,
        [StorageType.F16] = 1,
        [StorageType.Q8_0] = 8,
        [StorageType.Q3_K] = 11,
    };

    /// <summary>A tensor of bytes that are there already.</summary>
    public sealed record Entry(string Name, StorageType Type, long[] Sizes, byte[] Bytes);

    /// <summary>The keys of a file, for another one.</summary>
    public static Dictionary<string, object> KeysOf(GgufFile file)
    {
        const int Most = 1 << 20;
        return file.Keys.Names.ToDictionary(name => name, name => file.Keys.TypeOf(name) switch
        {
            GgufType.String => (object)file.Keys.Text(name)!,
            GgufType.Bool => file.Keys.Flag(name)!.Value,
            GgufType.Float32 => (float)file.Keys.Float(name)!.Value,
            GgufType.Array => ArrayOf(name),
            _ => (uint)file.Keys.Int(name)!.Value,
        });

        object ArrayOf(string name)
        {
            try
            {
                return file.Keys.Texts(name, Most)!;
            }
            catch (Exception)
            {
                return name.EndsWith("scores") ? file.Keys.Floats(name, Most)! : file.Keys.Ints(name, Most)!;
            }
        }
    }

    public static unsafe List<Entry> TensorsOf(GgufFile file)
        => [.. file.Tensors.Select(tensor => new Entry(tensor.Name, tensor.Type, [.. tensor.Sizes],
            new ReadOnlySpan<byte>((void*)tensor.Address, (int)tensor.Bytes).ToArray()))];

    public static byte[] Write(IReadOnlyDictionary<string, object> keys, IReadOnlyList<Entry> tensors)
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)tensors.Count);
        writer.Write((long)keys.Count);
        foreach ((string name, object value) in keys)
        {
            Text(writer, name);
            Value(writer, value);
        }
        long offset = 0;
        foreach (Entry tensor in tensors)
        {
            Text(writer, tensor.Name);
            writer.Write(tensor.Sizes.Length);
            foreach (long size in tensor.Sizes) writer.Write(size);
            writer.Write(Types[tensor.Type]);
            writer.Write(offset);
            offset = (offset + tensor.Bytes.Length + 31) / 32 * 32;
        }
        foreach (Entry tensor in tensors)
        {
            while (stream.Length % 32 != 0) writer.Write((byte)0);
            writer.Write(tensor.Bytes);
        }
        return stream.ToArray();
    }

    private static void Text(BinaryWriter writer, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write((long)utf8.Length);
        writer.Write(utf8);
    }

    private static void Value(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number: writer.Write(4); writer.Write(number); break;
            case int number: writer.Write(5); writer.Write(number); break;
            case float number: writer.Write(6); writer.Write(number); break;
            case bool flag: writer.Write(7); writer.Write(flag); break;
            case string text: writer.Write(8); Text(writer, text); break;
            case string[] texts: Head(8, texts.Length); foreach (string text in texts) Text(writer, text); break;
            case float[] numbers: Head(6, numbers.Length); foreach (float number in numbers) writer.Write(number); break;
            case int[] numbers: Head(5, numbers.Length); foreach (int number in numbers) writer.Write(number); break;
            default: throw new ArgumentException($"{value.GetType()}");
        }

        void Head(int element, long count)
        {
            writer.Write(9);
            writer.Write(element);
            writer.Write(count);
        }
    }
}
