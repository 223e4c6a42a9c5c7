using System.Text.Json;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text.SentencePiece;

/// <summary>A SentencePiece BPE vocabulary as a tokenizer.json holds it, for checkpoints without tokenizer.model.</summary>
/// <remarks>
/// Source: huggingface/transformers, convert_slow_tokenizer, and huggingface/tokenizers, models/bpe: in place of the pieces' scores the
/// file lists the pairs that are merged, the first of them first. What would change the ids besides (dropout, prefixes of pieces) is
/// refused.
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
        return new SentencePieceModel(pieces, new float[pieces.Length], types, Array.IndexOf(pieces, unknown),
            Array.IndexOf(pieces, files.Token("bos_token") ?? "<s>"), Array.IndexOf(pieces, files.Token("eos_token") ?? "</s>"), path)
        {
            PairRanks = Ranks(model.GetProperty("merges"), pieces, path),
        };
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

    /// <summary>The place in the list of each pair, by the piece that it makes and the length of its left half.</summary>
    private static Dictionary<(int Piece, int Left), int> Ranks(JsonElement merges, string[] pieces, string path)
    {
        Dictionary<string, int> ids = pieces.Select((piece, id) => (piece, id)).ToDictionary();
        var ranks = new Dictionary<(int, int), int>();
        foreach (JsonElement merge in merges.EnumerateArray())
        {
            string[] halves = merge.ValueKind == JsonValueKind.Array ? [.. merge.EnumerateArray().Select(half => half.GetString() ?? "")]
                : (merge.GetString() ?? "").Split(' ');
            if (halves.Length != 2 || !halves.All(ids.ContainsKey) || !ids.TryGetValue(string.Concat(halves), out int id))
                throw new BadInputException($"{path}: the pair {merge} is not two pieces that make a third; fetch it again");
            ranks.TryAdd((id, halves[0].Length), ranks.Count);
        }
        return ranks;
    }

    private static bool IsByte(string piece)
        => piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>';
}
