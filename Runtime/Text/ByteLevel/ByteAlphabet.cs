namespace EdgeVideoLlava.Runtime.Text.ByteLevel;

/// <summary>The characters that stand for the 256 bytes in a byte-level vocabulary.</summary>
/// <remarks>Printable Latin-1 characters stand for themselves, the other bytes in order for U+0100, U+0101, ...
/// Source: GPT-2's tokenizer.</remarks>
internal static class ByteAlphabet
{
    private static readonly Dictionary<char, byte> Bytes = Make();
    private static readonly char[] Characters = [.. Bytes.OrderBy(pair => pair.Value).Select(pair => pair.Key)];

    /// <summary>The bytes of a piece, or null if a character of it stands for none.</summary>
    public static byte[]? BytesOf(string piece)
    {
        var bytes = new byte[piece.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (!Bytes.TryGetValue(piece[i], out bytes[i])) return null;
        }
        return bytes;
    }

    /// <summary>A text's UTF-8 bytes in the alphabet.</summary>
    public static string Write(string text)
        => string.Create(System.Text.Encoding.UTF8.GetByteCount(text), text, static (target, source) =>
        {
            byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(source);
            for (int i = 0; i < utf8.Length; i++) target[i] = Characters[utf8[i]];
        });

    /// <summary>The character of each byte.</summary>
    public static IReadOnlyDictionary<char, byte> All => Bytes;

    private static Dictionary<char, byte> Make()
    {
        var bytes = new Dictionary<char, byte>();
        char next = '\u0100';
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            bytes.Add(printable ? (char)value : next++, (byte)value);
        }
        return bytes;
    }
}
