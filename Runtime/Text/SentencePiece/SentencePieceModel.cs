using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text.SentencePiece;

/// <summary>The vocabulary of a SentencePiece BPE tokenizer: pieces with score and type, and the three ids every Llama needs.</summary>
/// <remarks>
/// Format: google/sentencepiece, sentencepiece_model.proto (ModelProto). Only what Llama vocabularies use is accepted: BPE, byte fallback,
/// no normalisation. Anything else would encode to wrong ids without a sign, so it is refused by name.
/// </remarks>
internal sealed class SentencePieceModel
{
    /// <summary>Ceilings on what a file may claim; the largest public vocabularies hold 0.3 million pieces in 5 MB.</summary>
    public const int PieceCeiling = 2_000_000;
    public const long FileCeiling = 256L << 20;

    private readonly Dictionary<string, int> normalPieces = [];
    private readonly Dictionary<string, int> allPieces = [];
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> normalLookup;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> anyLookup;
    private readonly int[] byteIds = new int[256];

    /// <summary>Text of each piece, with U+2581 for a blank.</summary>
    public IReadOnlyList<string> Pieces { get; }

    /// <summary>Score of each piece; merging takes the highest first.</summary>
    public IReadOnlyList<float> Scores { get; }

    public IReadOnlyList<PieceType> Types { get; }

    public int UnknownId { get; }
    public int BosId { get; }
    public int EosId { get; }

    /// <summary>Number of pieces; ids are 0 .. Count - 1.</summary>
    public int Count => Pieces.Count;

    /// <summary>UTF-16 length of the longest piece that merging can make.</summary>
    public int LongestPiece { get; }

    /// <summary>A vocabulary given as arrays of equal length, as a GGUF file holds it.</summary>
    /// <param name="source">File name, for messages.</param>
    /// <exception cref="BadInputException">The arrays contradict each other or lack a piece that byte fallback needs.</exception>
    public SentencePieceModel(string[] pieces, float[] scores, PieceType[] types, int unknownId, int bosId, int eosId, string source)
    {
        if (pieces.Length == 0 || pieces.Length > PieceCeiling || pieces.Length != scores.Length || pieces.Length != types.Length)
            throw Broken(source, $"{pieces.Length} pieces, {scores.Length} scores and {types.Length} types");
        (Pieces, Scores, Types, UnknownId, BosId, EosId) = (pieces, scores, types, unknownId, bosId, eosId);
        byteIds.AsSpan().Fill(-1);
        for (int id = 0; id < pieces.Length; id++) Register(id, source);
        for (int value = 0; value < 256; value++)
        {
            if (byteIds[value] < 0) throw Unsupported(source, $"no piece for the byte {value:X2} (byte fallback is required)");
        }
        Require(unknownId, PieceType.Unknown, "unknown", source);
        Require(bosId, PieceType.Control, "begin-of-text", source);
        Require(eosId, PieceType.Control, "end-of-text", source);
        LongestPiece = normalPieces.Keys.Select(piece => piece.Length).DefaultIfEmpty().Max();
        normalLookup = normalPieces.GetAlternateLookup<ReadOnlySpan<char>>();
        anyLookup = allPieces.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Reads a tokenizer.model file.</summary>
    /// <exception cref="BadInputException">The file is missing, broken, or of a kind that is not supported.</exception>
    public static SentencePieceModel Load(string path)
    {
        var info = new FileInfo(path);
        if (!info.Exists)
            throw new BadInputException($"{path}: no such file; a Llama checkpoint needs its SentencePiece vocabulary under this name");
        if (info.Length > FileCeiling)
            throw new BadInputException($"{path}: {info.Length} bytes, more than the {FileCeiling} a vocabulary may have");
        return Parse(File.ReadAllBytes(path), path);
    }

    /// <summary>Reads the bytes of a tokenizer.model file; <paramref name="source"/> names them in messages.</summary>
    /// <exception cref="BadInputException">The bytes are broken, or of a kind that is not supported.</exception>
    public static SentencePieceModel Parse(ReadOnlySpan<byte> bytes, string source) => SentencePieceFile.Read(bytes, source);

    /// <summary>Id of a normal piece, or -1.</summary>
    public int FindNormal(ReadOnlySpan<char> piece) => normalLookup.TryGetValue(piece, out int id) ? id : -1;

    /// <summary>Id of a piece of any type; the unknown id if there is none (PieceToId of the reference).</summary>
    public int Find(ReadOnlySpan<char> piece) => anyLookup.TryGetValue(piece, out int id) ? id : UnknownId;

    /// <summary>Id of the piece of one byte.</summary>
    public int ByteId(byte value) => byteIds[value];

    /// <summary>The byte that a piece of type <see cref="PieceType.Byte"/> stands for.</summary>
    public byte ByteOf(int id) => ByteValue(Pieces[id]) ?? throw new ArgumentException($"piece {id} is not a byte piece", nameof(id));

    private void Register(int id, string source)
    {
        string piece = Pieces[id];
        if (!float.IsFinite(Scores[id])) throw Broken(source, $"a score of piece {id} that is not a number");
        if (!allPieces.TryAdd(piece, id)) throw Broken(source, $"piece {id} twice (also {allPieces[piece]})");
        switch (Types[id])
        {
            case PieceType.Normal: normalPieces.Add(piece, id); break;
            case PieceType.Byte: byteIds[ByteValue(piece) ?? throw Broken(source, $"a byte piece {id} not written <0xNN>")] = id; break;
            case PieceType.Unknown or PieceType.Control: break;
            case PieceType.UserDefined or PieceType.Unused: throw Unsupported(source, $"a piece of type {Types[id]} (id {id})");
            default: throw Broken(source, $"an unknown type {(int)Types[id]} of piece {id}");
        }
    }

    private void Require(int id, PieceType type, string name, string source)
    {
        if (id < 0 || id >= Count || Types[id] != type) throw Broken(source, $"{id} as the {name} id, which is not a piece of type {type}");
    }

    private static byte? ByteValue(string piece)
        => piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && char.IsAsciiHexDigitUpper(piece[3]) && char.IsAsciiHexDigitUpper(piece[4]) ? Convert.ToByte(piece[3..5], 16) : null;

    internal static BadInputException Broken(string source, string what)
        => new($"{source}: broken SentencePiece model: it holds {what}; fetch the file again");

    internal static BadInputException Unsupported(string source, string what)
        => new($"{source}: this SentencePiece model has {what}; only BPE vocabularies of the Llama kind can be read");
}
