using System.Text;

namespace EdgeVideoLlava.Runtime.Text.Vocabularies;

/// <summary>Joins single bytes to characters: emits a character when it is whole, U+FFFD for each byte that can be part of none.</summary>
/// <remarks>
/// One U+FFFD per bad byte, as SentencePiece prints them; .NET's own decoder gives one per maximal run. What may begin a character is
/// table 3-7 of the Unicode standard.
/// </remarks>
internal sealed class Utf8Assembler
{
    private readonly byte[] pending = new byte[4];
    private int count;

    /// <summary>Takes one byte and appends to <paramref name="output"/> what can no longer change.</summary>
    public void Append(byte value, StringBuilder output)
    {
        pending[count++] = value;
        while (count > 0)
        {
            int length = CharacterLength(pending[0]);
            int valid = ValidPrefix(pending.AsSpan(0, Math.Min(count, Math.Max(length, 1))), length);
            if (valid < Math.Min(count, Math.Max(length, 1)) || length == 0)
            {
                output.Append('\uFFFD');
                Remove(1);
            }
            else if (count < length)
            {
                return;
            }
            else
            {
                output.Append(Encoding.UTF8.GetString(pending, 0, length));
                Remove(length);
            }
        }
    }

    /// <summary>Gives up on an unfinished character: one U+FFFD for each of its bytes.</summary>
    public void Flush(StringBuilder output)
    {
        output.Append('\uFFFD', count);
        count = 0;
    }

    private void Remove(int bytes)
    {
        pending.AsSpan(bytes, count - bytes).CopyTo(pending);
        count -= bytes;
    }

    /// <summary>Bytes of the character that this byte begins; 0 if it begins none.</summary>
    private static int CharacterLength(byte first) => first switch
    {
        < 0x80 => 1,
        >= 0xC2 and <= 0xDF => 2,
        >= 0xE0 and <= 0xEF => 3,
        >= 0xF0 and <= 0xF4 => 4,
        _ => 0,
    };

    /// <summary>How many of the bytes, from the first, can stand at the start of a character of this length.</summary>
    private static int ValidPrefix(ReadOnlySpan<byte> bytes, int length)
    {
        if (length == 0) return 0;
        for (int i = 1; i < bytes.Length; i++)
        {
            (byte low, byte high) = i > 1 ? ((byte)0x80, (byte)0xBF) : SecondByteRange(bytes[0]);
            if (bytes[i] < low || bytes[i] > high) return i;
        }
        return bytes.Length;
    }

    // Overlong forms, surrogates and values above U+10FFFF are excluded by the second byte.
    private static (byte Low, byte High) SecondByteRange(byte first) => first switch
    {
        0xE0 => (0xA0, 0xBF),
        0xED => (0x80, 0x9F),
        0xF0 => (0x90, 0xBF),
        0xF4 => (0x80, 0x8F),
        _ => (0x80, 0xBF),
    };
}
