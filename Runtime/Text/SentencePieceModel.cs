using System.Text;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime.Text;

/// <summary>The vocabulary of a SentencePiece BPE tokenizer: pieces with score and type, and the three ids every Llama needs.</summary>
/// <remarks>
/// Format: google/sentencepiece, sentencepiece_model.proto (ModelProto). Only what Llama vocabularies use is accepted: BPE, byte fallback,
/// no normalisation. Anything else would encode to wrong ids without a sign, so it is refused by name.
/// </remarks>
public sealed class SentencePieceModel
{
    /// <summary>Ceilings on what a file may claim; the largest public vocabularies hold 0.3 million pieces in 5 MB.</summary>
    public const int PieceCeiling = 2_000_000;
    public const long FileCeiling = 256L << 20;
    private const int PieceLengthCeiling = 4096;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

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
        if (!info.Exists) throw new BadInputException($"{path}: no such file; a Llama checkpoint needs its SentencePiece vocabulary under this name");
        if (info.Length > FileCeiling) throw new BadInputException($"{path}: {info.Length} bytes, more than the {FileCeiling} a vocabulary may have");
        return Parse(File.ReadAllBytes(path), path);
    }

    /// <summary>Reads the bytes of a tokenizer.model file; <paramref name="source"/> names them in messages.</summary>
    /// <exception cref="BadInputException">The bytes are broken, or of a kind that is not supported.</exception>
    public static SentencePieceModel Parse(ReadOnlySpan<byte> bytes, string source)
    {
        if (bytes.IsEmpty) throw new BadInputException($"{source}: the file is empty; fetch it again");
        var pieces = new List<string>();
        var scores = new List<float>();
        var types = new List<PieceType>();
        TrainerSettings trainer = default;
        NormalizerSettings normalizer = default;
        var reader = new ProtobufReader(bytes, source);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    if (pieces.Count == PieceCeiling) throw Broken(source, $"more than {PieceCeiling} pieces");
                    (string piece, float score, PieceType type) = ReadPiece(reader.Message("piece"), source, pieces.Count);
                    pieces.Add(piece);
                    scores.Add(score);
                    types.Add(type);
                    break;
                case 2: trainer = TrainerSettings.Read(reader.Message("trainer section"), source); break;
                case 3: normalizer = NormalizerSettings.Read(reader.Message("normalizer section"), source); break;
            }
        }
        trainer.Check(source);
        normalizer.Check(source);
        return new SentencePieceModel([.. pieces], [.. scores], [.. types], trainer.UnknownId, trainer.BosId, trainer.EosId, source);
    }

    /// <summary>Id of a normal piece, or -1.</summary>
    public int FindNormal(ReadOnlySpan<char> piece) => normalLookup.TryGetValue(piece, out int id) ? id : -1;

    /// <summary>Id of a piece of any type; the unknown id if there is none (PieceToId of the reference).</summary>
    public int Find(ReadOnlySpan<char> piece) => anyLookup.TryGetValue(piece, out int id) ? id : UnknownId;

    /// <summary>Id of the piece of one byte.</summary>
    public int ByteId(byte value) => byteIds[value];

    /// <summary>The byte that a piece of type <see cref="PieceType.Byte"/> stands for.</summary>
    public byte ByteOf(int id) => ByteValue(Pieces[id]) ?? throw new ArgumentException($"piece {id} is no byte piece", nameof(id));

    private void Register(int id, string source)
    {
        string piece = Pieces[id];
        if (!float.IsFinite(Scores[id])) throw Broken(source, $"a score of piece {id} that is no number");
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
        if (id < 0 || id >= Count || Types[id] != type) throw Broken(source, $"{id} as the {name} id, which is no piece of type {type}");
    }

    private static byte? ByteValue(string piece)
        => piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && char.IsAsciiHexDigitUpper(piece[3]) && char.IsAsciiHexDigitUpper(piece[4]) ? Convert.ToByte(piece[3..5], 16) : null;

    private static (string Piece, float Score, PieceType Type) ReadPiece(ReadOnlySpan<byte> message, string source, int id)
    {
        string piece = "";
        float score = 0;
        // An absent type means NORMAL: the format leaves out defaults, and nearly every piece is normal.
        PieceType type = PieceType.Normal;
        var reader = new ProtobufReader(message, source);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: piece = Text(reader.Message("piece"), source, id); break;
                case 2: score = reader.Float("score"); break;
                case 3: type = (PieceType)reader.Int("type"); break;
            }
        }
        if (piece.Length == 0) throw Broken(source, $"an empty piece {id}");
        return (piece, score, type);
    }

    private static string Text(ReadOnlySpan<byte> utf8, string source, int id)
    {
        if (utf8.Length > PieceLengthCeiling) throw Broken(source, $"a piece {id} of {utf8.Length} bytes");
        try
        {
            return StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw Broken(source, $"a piece {id} that is not UTF-8");
        }
    }

    private static BadInputException Broken(string source, string what)
        => new($"{source}: broken SentencePiece model: it holds {what}; fetch the file again");

    private static BadInputException Unsupported(string source, string what)
        => new($"{source}: this SentencePiece model has {what}; only BPE vocabularies of the Llama kind can be read");

    /// <summary>The part of the trainer section that decides how to encode.</summary>
    private record struct TrainerSettings(bool Present, int ModelType, bool SuffixBlanks, int UnknownId, int BosId, int EosId)
    {
        public static TrainerSettings Read(ReadOnlySpan<byte> message, string source)
        {
            // The defaults of the format: unigram, ids 0, 1, 2.
            var settings = new TrainerSettings(true, 1, false, 0, 1, 2);
            var reader = new ProtobufReader(message, source);
            while (reader.Next())
            {
                switch (reader.Field)
                {
                    case 3: settings.ModelType = reader.Int("model_type"); break;
                    case 24: settings.SuffixBlanks = reader.Int("treat_whitespace_as_suffix") != 0; break;
                    case 40: settings.UnknownId = reader.Int("unk_id"); break;
                    case 41: settings.BosId = reader.Int("bos_id"); break;
                    case 42: settings.EosId = reader.Int("eos_id"); break;
                }
            }
            return settings;
        }

        public readonly void Check(string source)
        {
            if (!Present) throw Broken(source, "no trainer section (cut short?)");
            if (ModelType != 2)
            {
                string kind = ModelType switch { 1 => "unigram", 3 => "word", 4 => "char", _ => ModelType.ToString() };
                throw Unsupported(source, $"the model type {kind}");
            }
            if (SuffixBlanks) throw Unsupported(source, "blanks as suffix");
        }
    }

    /// <summary>What happens to a text before it is encoded; only "nothing but the dummy prefix" is accepted.</summary>
    private record struct NormalizerSettings(bool Present, bool ChangesCharacters, bool DummyPrefix, bool RemovesBlanks, bool MarksBlanks)
    {
        public static NormalizerSettings Read(ReadOnlySpan<byte> message, string source)
        {
            // The defaults of the format: all three switches on.
            var settings = new NormalizerSettings(true, false, true, true, true);
            var reader = new ProtobufReader(message, source);
            while (reader.Next())
            {
                switch (reader.Field)
                {
                    case 2: settings.ChangesCharacters = reader.Message("character map").Length > 0; break;
                    case 3: settings.DummyPrefix = reader.Int("add_dummy_prefix") != 0; break;
                    case 4: settings.RemovesBlanks = reader.Int("remove_extra_whitespaces") != 0; break;
                    case 5: settings.MarksBlanks = reader.Int("escape_whitespaces") != 0; break;
                }
            }
            return settings;
        }

        public readonly void Check(string source)
        {
            if (!Present) throw Broken(source, "no normalizer section (cut short?)");
            if (ChangesCharacters) throw Unsupported(source, "a normalizer that changes characters");
            if (!DummyPrefix || RemovesBlanks || !MarksBlanks) throw Unsupported(source, "a normalizer without dummy prefix, or one that removes blanks");
        }
    }
}
