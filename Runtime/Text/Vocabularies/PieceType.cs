namespace EdgeVideoLlava.Runtime.Text.Vocabularies;

/// <summary>What a vocabulary piece is. Values are those of the SentencePiece file format.</summary>
internal enum PieceType
{
    /// <summary>Ordinary text; the only type that takes part in merging.</summary>
    Normal = 1,

    /// <summary>The one piece for what has no other; prints as " ⁇ ".</summary>
    Unknown = 2,

    /// <summary>Begin or end of text and the like; never text.</summary>
    Control = 3,

    UserDefined = 4,
    Unused = 5,

    /// <summary>One byte of UTF-8, written &lt;0x00&gt; to &lt;0xFF&gt;.</summary>
    Byte = 6,
}
