namespace EdgeVideoLlava.Runtime.Text.Vocabularies;

/// <summary>What a tokenizer needs of its vocabulary; special tokens are split off before and handled elsewhere.</summary>
internal interface IVocabulary
{
    /// <summary>Number of pieces; ids are 0 .. Count - 1.</summary>
    int Count { get; }

    /// <summary>Appends the ids of a stretch of text without special tokens.</summary>
    /// <param name="atStart">True if nothing, not even a special token, comes before it in its text.</param>
    void Encode(ReadOnlySpan<char> segment, bool atStart, List<int> ids);

    PieceType TypeOf(int id);

    /// <summary>Text of a piece as it prints, a blank for each blank mark; for every type but bytes.</summary>
    string TextOf(int id);

    /// <summary>UTF-8 bytes, perhaps half a character, of a piece of type <see cref="PieceType.Byte"/>.</summary>
    ReadOnlySpan<byte> BytesOf(int id);
}
