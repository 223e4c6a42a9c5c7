using System.Text.Json;
using EdgeVideoLlava.Runtime.Text.SentencePiece;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text.ByteLevel;

/// <summary>A byte-level vocabulary as a tokenizer.json holds it: pieces by id, merges, and how words are cut.</summary>
internal sealed record ByteLevelFile(string[] Pieces, string[] Merges, ByteLevelPattern Pattern)
{
    /// <summary>Null if the folder's tokenizer.json is of another kind, or absent.</summary>
    /// <exception cref="BadInputException">It is byte-level, but broken or of a form that is not supported.</exception>
    public static ByteLevelFile? Find(TokenizerFiles files)
    {
        string preTokenizer = files.Describe("pre_tokenizer");
        if (files.Tokenizer is not JsonElement root || !preTokenizer.Contains("ByteLevel")) return null;
        string path = files.PathOf("tokenizer.json"), normalizer = files.Describe("normalizer");
        ByteLevelPattern? pattern = preTokenizer switch
        {
            "ByteLevel" => ByteLevelPattern.Gpt2,
            "Sequence(Digits, ByteLevel)" => ByteLevelPattern.SmolLm,
            _ => null,
        };
        if (pattern == null || normalizer != "none" || !HasPlainForm(root.GetProperty("pre_tokenizer")))
            throw new BadInputException(
                $"{path}: byte-level with normalizer {normalizer} and pre-tokenizer {preTokenizer} is not supported; GPT-2's and SmolLM's "
                + "forms are");
        if (!root.TryGetProperty("model", out JsonElement model) || model.ValueKind != JsonValueKind.Object)
            throw new BadInputException($"{path}: it has no model section; fetch it again");
        string[] merges = [.. model.GetProperty("merges").EnumerateArray().Select(Merge)];
        return new ByteLevelFile(ReadPieces(model.GetProperty("vocab"), files, path), merges, pattern.Value);
    }

    private static string Merge(JsonElement merge)
        => merge.ValueKind == JsonValueKind.Array ? string.Join(' ', merge.EnumerateArray().Select(part => part.GetString()))
        : merge.GetString() ?? "";

    /// <summary>Every digit alone, no blank put in front, words cut by GPT-2's own pattern.</summary>
    private static bool HasPlainForm(JsonElement preTokenizer)
    {
        IEnumerable<JsonElement> parts = preTokenizer.TryGetProperty("pretokenizers", out JsonElement list) ? list.EnumerateArray()
            : [preTokenizer];
        return parts.All(part => IsNot(part, "individual_digits", false) && IsNot(part, "use_regex", false)
            && IsNot(part, "add_prefix_space", true));
    }

    private static bool IsNot(JsonElement part, string name, bool value)
        => !part.TryGetProperty(name, out JsonElement flag) || flag.ValueKind != (value ? JsonValueKind.True : JsonValueKind.False);

    private static string[] ReadPieces(JsonElement vocabulary, TokenizerFiles files, string path)
    {
        IEnumerable<(string Piece, int Id)> own = vocabulary.EnumerateObject()
            .Select(piece => (piece.Name, piece.Value.ValueKind == JsonValueKind.Number && piece.Value.TryGetInt32(out int id) ? id : -1));
        (string Piece, int Id)[] all = [.. own, .. files.AddedTokens.Values.Select(token => (token.Text, token.Id))];
        if (all.Length == 0 || all.Any(piece => piece.Id is < 0 or >= SentencePieceModel.PieceCeiling))
            throw new BadInputException(
                $"{path}: a piece has an id that is not a number from 0 to {SentencePieceModel.PieceCeiling - 1}; fetch it again");
        string[] pieces = [.. Enumerable.Repeat("", all.Max(piece => piece.Id) + 1)];
        foreach ((string piece, int id) in all)
        {
            if (pieces[id].Length > 0 && pieces[id] != piece)
                throw new BadInputException($"{path}: the id {id} is given to two pieces; fetch it again");
            pieces[id] = piece;
        }
        return pieces;
    }
}
