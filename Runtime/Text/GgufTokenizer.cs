using EdgeVideoLlava.Runtime.Text.ByteLevel;
using EdgeVideoLlava.Runtime.Text.SentencePiece;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Runtime.Text;

/// <summary>The tokenizer that a GGUF file's keys hold.</summary>
/// <remarks>Keys: ggml-org/ggml, docs/gguf.md; what they leave open is as in ggml-org/llama.cpp, src/llama-vocab.cpp.</remarks>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";
    private const int PieceCeiling = SentencePieceModel.PieceCeiling;

    /// <summary>The tokenizer of a GGUF file or of the language model in a folder of them; null for another kind of checkpoint.</summary>
    /// <exception cref="BadInputException">The file is broken, or its tokenizer of a kind that is not supported.</exception>
    public static TextTokenizer? Find(string path, TokenizerMode? mode)
    {
        if (TokenizerFiles.HasVocabulary(path) || LoraAdapter.Is(path) || GgufModelFiles.Find(path) is not { } files) return null;
        using var file = new GgufFile(files.Language);
        return Read(file, mode).With(file.Keys.Text("tokenizer.chat_template"));
    }

    private static TextTokenizer Read(GgufFile file, TokenizerMode? mode)
    {
        GgufKeys keys = file.Keys;
        if (keys.Flag(Prefix + "add_eos_token") == true) throw keys.Unsupported(Prefix + "add_eos_token", "false");
        string[] pieces = keys.Texts(Prefix + "tokens", PieceCeiling) ?? throw keys.Missing(Prefix + "tokens");
        PieceType[] types = [.. (keys.Ints(Prefix + "token_type", PieceCeiling) ?? throw keys.Missing(Prefix + "token_type"))
            .Select(type => (PieceType)type)];
        if (types.Length != pieces.Length)
            throw new BadInputException($"{file.Path}: {pieces.Length} tokens and {types.Length} types of tokens; convert the model again");
        return keys.RequiredText(Prefix + "model") switch
        {
            "llama" => SentencePiece(file, pieces, types, mode),
            "gpt2" => ByteLevel(file, pieces, types),
            _ => throw keys.Unsupported(Prefix + "model", "llama, gpt2"),
        };
    }

    private static TextTokenizer SentencePiece(GgufFile file, string[] pieces, PieceType[] types, TokenizerMode? mode)
    {
        GgufKeys keys = file.Keys;
        float[] scores = keys.Floats(Prefix + "scores", PieceCeiling) ?? throw keys.Missing(Prefix + "scores");
        var model = new SentencePieceModel(pieces, scores, types, Id("unknown", 0), Id("bos", 1), Id("eos", 2), file.Path, withAdded: true);
        bool prefix = keys.Flag(Prefix + "add_space_prefix") ?? true;
        TokenizerMode own = keys.Member<TokenizerMode>(EdgeKeys.TokenizerMode)
            ?? (prefix ? TokenizerMode.Legacy431 : TokenizerMode.NoPrefix);
        return TextTokenizer.FromSentencePiece(model, mode ?? own, keys.Flag(Prefix + "add_bos_token") ?? true, Added(keys),
            keys.Flag(EdgeKeys.FusedDecoding) ?? false, file.Path);

        int Id(string name, int usual) => keys.Int($"{Prefix}{name}_token_id", 0, pieces.Length - 1) ?? usual;
    }

    /// <summary>Special tokens whose ids the vocabulary has no rows for, and how blanks about others are dropped.</summary>
    private static SpecialToken[] Added(GgufKeys keys)
    {
        if (keys.Texts(EdgeKeys.AddedTokens, PieceCeiling) is not { } texts) return [];
        int[] ids = keys.Ints(EdgeKeys.AddedIds, PieceCeiling) ?? throw keys.Missing(EdgeKeys.AddedIds);
        int[] strips = keys.Ints(EdgeKeys.AddedStrips, PieceCeiling) ?? throw keys.Missing(EdgeKeys.AddedStrips);
        if (ids.Length != texts.Length || strips.Length != texts.Length || ids.Any(id => id < 0) || texts.Any(text => text.Length == 0))
            throw keys.Unsupported(EdgeKeys.AddedTokens, $"as many texts as {EdgeKeys.AddedIds} and {EdgeKeys.AddedStrips} have numbers");
        return [.. texts.Select((text, i) => new SpecialToken(text, ids[i],
            (strips[i] & EdgeKeys.StripLeft) != 0, (strips[i] & EdgeKeys.StripRight) != 0))];
    }

    private static TextTokenizer ByteLevel(GgufFile file, string[] pieces, PieceType[] types)
    {
        GgufKeys keys = file.Keys;
        ByteLevelPattern pattern = (keys.Text(Prefix + "pre") ?? "default") switch
        {
            "default" => ByteLevelPattern.LlamaCppDefault,
            "gpt-2" => ByteLevelPattern.Gpt2,
            "smollm" => ByteLevelPattern.SmolLm,
            "llama-bpe" or "llama3" or "llama-v3" => ByteLevelPattern.Llama3,
            _ => throw keys.Unsupported(Prefix + "pre", "default, gpt-2, smollm, llama-bpe"),
        };
        string[] merges = keys.Texts(Prefix + "merges", PieceCeiling) ?? throw keys.Missing(Prefix + "merges");
        HashSet<int> Of(params PieceType[] wanted)
            => [.. types.Index().Where(type => wanted.Contains(type.Item)).Select(type => type.Index)];
        HashSet<int> special = Of(PieceType.Unknown, PieceType.Control, PieceType.UserDefined), unused = Of(PieceType.Unused);
        string[] usable = [.. pieces.Select((piece, id) => unused.Contains(id) ? "" : piece)];
        bool addsBos = keys.Flag(Prefix + "add_bos_token") ?? pattern == ByteLevelPattern.Llama3;
        return TextTokenizer.FromByteLevel(usable, merges, special, pattern, Id("bos"), Id("eos"), Id("unknown"), addsBos, file.Path,
            Of(PieceType.UserDefined));

        int Id(string name) => keys.Int($"{Prefix}{name}_token_id", 0, pieces.Length - 1) ?? -1;
    }
}
