using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeVideoLlava.Runtime.Weights.Gguf;

/// <summary>A key with its value, as its bytes stand in a file: the number of the type, then the value.</summary>
internal sealed record GgufKey(string Name, byte[] Value)
{
    public static GgufKey Of(string name, uint value) => new(name, Whole(GgufType.UInt32, value));

    public static GgufKey Of(string name, float value) => new(name, Whole(GgufType.Float32, BitConverter.SingleToUInt32Bits(value)));

    public static GgufKey Of(string name, bool value) => new(name, [.. Number(GgufType.Bool), value ? (byte)1 : (byte)0]);

    public static GgufKey Of(string name, string value) => new(name, [.. Number(GgufType.String), .. Text(value)]);

    public static GgufKey Of(string name, IReadOnlyCollection<string> values)
        => new(name, [.. Array(GgufType.String, values.Count), .. values.SelectMany(Text)]);

    public static GgufKey Of(string name, float[] values)
        => new(name, [.. Array(GgufType.Float32, values.Length), .. MemoryMarshal.AsBytes(values.AsSpan())]);

    public static GgufKey Of(string name, int[] values)
        => new(name, [.. Array(GgufType.Int32, values.Length), .. MemoryMarshal.AsBytes(values.AsSpan())]);

    /// <summary>A text as the format has it: its length in bytes of UTF-8, then these.</summary>
    internal static byte[] Text(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        var bytes = new byte[sizeof(long) + length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(sizeof(long)));
        return bytes;
    }

    private static byte[] Number(GgufType type) => BitConverter.GetBytes((uint)type);

    private static byte[] Whole(GgufType type, uint value) => [.. Number(type), .. BitConverter.GetBytes(value)];

    private static byte[] Array(GgufType element, int count)
        => [.. Number(GgufType.Array), .. Number(element), .. BitConverter.GetBytes((long)count)];
}
