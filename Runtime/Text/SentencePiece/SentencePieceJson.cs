using System.Text.Json;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text.SentencePiece;

/// <summary>A SentencePiece BPE vocabulary as a tokenizer.json holds it, for checkpoints without tokenizer.model.</summary>
/// <remarks>
/// Source: huggingface/transformers, convert_slow_tokenizer: in place of each piece's score the file lists the pairs that make it, the
/// highest score first and all pairs of a piece together. The order of the pieces among the pairs is therefore the order of their scores.
/// Anything else that a tokenizer.json may say (pairs of a piece apart, a piece that no pair makes, dropout) would give other ids than
/// merging by score, and is refused by name.
/// </remarks>
internal static class SentencePieceJson
{
    /// <summary>The vocabulary in the folder's tokenizer.json.</summary>
    /// <exception cref="BadInputException">There is none, or it is of another kind.</exception>
    public static SentencePieceModel Read(TokenizerFiles files)
    {
        string path = files.PathOf("tokenizer.json");
        if (files.Tokenizer is not JsonElement root || !root.TryGetProperty("model", out JsonElement model)
            || model.ValueKind != JsonValueKind.Object)
            throw new BadInputException($"{path}: it has no model section; fetch it again");
        RequireKind(model, path);
        string[] pieces = Pieces(model.GetProperty("vocab"), path);
        string unknown = model.GetProperty("unk_token").GetString() ?? "";
        PieceType Type(string piece) => piece == unknown ? PieceType.Unknown
            : files.AddedTokens.ContainsKey(piece) ? PieceType.Control
            : IsByte(piece) ? PieceType.Byte : PieceType.Normal;
        PieceType[] types = [.. pieces.Select(Type)];
        Dictionary<string, int> ranks = Ranks(model.GetProperty("merges"), path);
        float[] scores = [.. pieces.Zip(types, (piece, type) => Score(piece, type, ranks, path))];
        return new SentencePieceModel(pieces, scores, types, Array.IndexOf(pieces, unknown),
            Array.IndexOf(pieces, files.Token("bos_token") ?? "<s>"), Array.IndexOf(pieces, files.Token("eos_token") ?? "</s>"), path);
    }

    private static void RequireKind(JsonElement model, string path)
    {
        string Of(string name) => model.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";
        bool plain = Of("type") == "BPE" && Of("byte_fallback") == "True" && Of("ignore_merges") is "" or "False"
            && Of("dropout") is "" or "0" or "0.0" && Of("continuing_subword_prefix") == "" && Of("end_of_word_suffix") == "";
        if (!plain)
            throw new BadInputException($"{path}: a vocabulary of the kind {Of("type")} that was not converted from SentencePiece's BPE "
                + "(byte_fallback, no dropout, no prefix or suffix of pieces); put tokenizer.model beside it");
    }

    private static string[] Pieces(JsonElement vocabulary, string path)
    {
        var pieces = new string[Math.Min(vocabulary.EnumerateObject().Count(), SentencePieceModel.PieceCeiling)];
        foreach (JsonProperty piece in vocabulary.EnumerateObject())
        {
            if (piece.Value.ValueKind != JsonValueKind.Number || !piece.Value.TryGetInt32(out int id) || id < 0 || id >= pieces.Length
                || piece.Name.Length == 0 || pieces[id] != null)
                throw new BadInputException($"{path}: the ids of its {pieces.Length} pieces are not 0 to {pieces.Length - 1}, each once "
                    + $"({piece.Name} has {piece.Value}); fetch it again");
            pieces[id] = piece.Name;
        }
        return pieces;
    }

    /// <summary>The place of each piece in the order of merging, by what its pairs join to.</summary>
    private static Dictionary<string, int> Ranks(JsonElement merges, string path)
    {
        var ranks = new Dictionary<string, int>();
        string last = "";
        foreach (JsonElement merge in merges.EnumerateArray())
        {
            string[] parts = merge.ValueKind == JsonValueKind.Array ? [.. merge.EnumerateArray().Select(part => part.GetString() ?? "")]
                : (merge.GetString() ?? "").Split(' ');
            string joined = string.Concat(parts);
            if (parts.Length != 2 || joined != last && !ranks.TryAdd(joined, ranks.Count))
                throw new BadInputException(
                    $"{path}: the pairs that make {joined} do not stand together, as those of SentencePiece's BPE do; "
                    + "put tokenizer.model beside it");
            last = joined;
        }
        return ranks;
    }

    private static float Score(string piece, PieceType type, Dictionary<string, int> ranks, string path)
    {
        if (ranks.TryGetValue(piece, out int rank)) return -rank;
        if (type == PieceType.Normal && piece.EnumerateRunes().Count() > 1)
            throw new BadInputException($"{path}: no pair makes the piece {piece}, as one of SentencePiece's BPE would; "
                + "put tokenizer.model beside it");
        return -ranks.Count; // one character, or no text at all: never made by merging
    }

    private static bool IsByte(string piece)
        => piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>';
}
