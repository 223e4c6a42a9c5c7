using System.Buffers.Binary;

namespace EdgeVideoLlava.Runtime.Text.SentencePiece;

/// <summary>Reads the fields of one protobuf message in place. Every length is checked against what is left before it is used.</summary>
/// <remarks>Wire format (Protocol Buffers encoding): a varint tag = field number &lt;&lt; 3 | wire type, then varint,
/// 8 bytes, length + bytes, or 4 bytes.</remarks>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message, string file)
{
    private ReadOnlySpan<byte> rest = message;
    private readonly string file = file;

    /// <summary>Number of the field just read.</summary>
    public int Field { get; private set; }

    /// <summary>Wire type of the field just read: 0 varint, 1 eight bytes, 2 bytes, 5 four bytes.</summary>
    public int WireType { get; private set; }

    /// <summary>Value of a varint field, or the raw bits of a four- or eight-byte field.</summary>
    public ulong Number { get; private set; }

    /// <summary>Content of a length-delimited field.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Goes to the next field; false at the end of the message.</summary>
    /// <exception cref="BadInputException">The bytes are not a protobuf message.</exception>
    public bool Next()
    {
        if (rest.IsEmpty) return false;
        ulong tag = Varint();
        if (tag >> 3 is 0 or > 0x1FFF_FFFF) throw Broken("a field number out of range");
        (Field, WireType) = ((int)(tag >> 3), (int)(tag & 7));
        Bytes = default;
        switch (WireType)
        {
            case 0: Number = Varint(); break;
            case 1: Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8)); break;
            case 2: Bytes = Take(Varint()); break;
            case 5: Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4)); break;
            default: throw Broken($"an unknown wire type {WireType}");
        }
        return true;
    }

    /// <summary>The bytes of a field that must be length-delimited.</summary>
    public readonly ReadOnlySpan<byte> Message(string name)
        => WireType == 2 ? Bytes : throw Broken($"a {name} that is not a message or string");

    /// <summary>The value of a field that must be a varint within int.</summary>
    public readonly int Int(string name)
        => WireType == 0 && (long)Number is >= int.MinValue and <= int.MaxValue ? (int)(long)Number
        : throw Broken($"a {name} that is not a 32-bit number");

    /// <summary>The value of a field that must be a four-byte float.</summary>
    public readonly float Float(string name)
        => WireType == 5 ? BitConverter.UInt32BitsToSingle((uint)Number) : throw Broken($"a {name} that is not a float");

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
        throw Broken("a number of more than ten bytes");
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)rest.Length) throw Broken($"a field of {count} bytes where {rest.Length} are left");
        ReadOnlySpan<byte> taken = rest[..(int)count];
        rest = rest[(int)count..];
        return taken;
    }

    private readonly BadInputException Broken(string what)
        => new($"{file}: broken SentencePiece model: it holds {what}; fetch the file again");
}
