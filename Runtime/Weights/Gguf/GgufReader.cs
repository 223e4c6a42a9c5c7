using System.Buffers.Binary;
using System.Text;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights.Gguf;

/// <summary>Reads a GGUF file's header from front to back. Nothing is taken that the file does not hold.</summary>
internal struct GgufReader(MappedFile file)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Offset of the next byte.</summary>
    public long Position { get; set; }

    public ReadOnlySpan<byte> Take(long count, string what)
    {
        Skip(count, what);
        return Behind(count);
    }

    /// <summary>As <see cref="Take"/>, for any number of bytes.</summary>
    public void Skip(long count, string what)
    {
        if (count < 0 || count > file.Bytes - Position) throw Broken($"{what} needs {count} bytes, {file.Bytes - Position} are left");
        Position += count;
    }

    /// <summary>The bytes that were just taken.</summary>
    public readonly ReadOnlySpan<byte> Behind(long count) => file.Span(Position - count, checked((int)count));

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A count or length that is held to a ceiling before anything is done with it.</summary>
    public long Count(string what, long ceiling)
    {
        ulong count = UInt64(what);
        return count <= (ulong)ceiling ? (long)count : throw Broken($"{what} is {count}; at most {ceiling} is possible", 8);
    }

    /// <summary>The bytes of a text: a length, then so many of UTF-8.</summary>
    public ReadOnlySpan<byte> TextBytes(string what, long ceiling) => Take(Count($"the length of {what}", ceiling), what);

    public string Text(string what, long ceiling)
    {
        long at = Position;
        return Decode(TextBytes(what, ceiling)) ?? throw Broken($"{what} is not UTF-8", Position - at);
    }

    /// <summary>Null where the bytes are not UTF-8.</summary>
    public static string? Decode(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <param name="back">The fault lies so many bytes before the next one.</param>
    public readonly BadInputException Broken(string what, long back = 0)
        => new($"{file.Path}: broken GGUF file at byte {Position - back}: {what}; fetch or convert it again");
}
