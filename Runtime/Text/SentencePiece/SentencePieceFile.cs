using System.Text;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text.SentencePiece;

/// <summary>Reads a tokenizer.model file.</summary>
/// <remarks>Format: google/sentencepiece, sentencepiece_model.proto (ModelProto): pieces = 1, trainer section = 2,
/// normalizer section = 3.</remarks>
internal static class SentencePieceFile
{
    private const int PieceLengthCeiling = 4096;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static SentencePieceModel Read(ReadOnlySpan<byte> bytes, string source)
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
                    if (pieces.Count == SentencePieceModel.PieceCeiling)
                        throw Broken(source, $"more than {SentencePieceModel.PieceCeiling} pieces");
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

    private static BadInputException Broken(string source, string what) => SentencePieceModel.Broken(source, what);

    private static BadInputException Unsupported(string source, string what) => SentencePieceModel.Unsupported(source, what);

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
            if (!DummyPrefix || RemovesBlanks || !MarksBlanks)
                throw Unsupported(source, "a normalizer without dummy prefix, or one that removes blanks");
        }
    }
}
