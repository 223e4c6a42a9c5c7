using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.ByteLevel;
using EdgeVideoLlava.Runtime.Text.SentencePiece;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>The keys of a GGUF file that hold a folder's tokenizer.</summary>
/// <remarks>As ggml-org/llama.cpp, convert_hf_to_gguf.py and gguf-py/gguf/vocab.py write them.</remarks>
internal sealed class TokenizerKeys : IDisposable
{
    private const string Prefix = "tokenizer.ggml.";
    private const float AddedScore = -1000, PaddingScore = -10000;

    private readonly TokenizerFiles files;
    private readonly ByteLevelFile? byteLevel;
    private readonly SentencePieceModel? model;

    /// <exception cref="BadInputException">The folder has no tokenizer that can be read.</exception>
    public TokenizerKeys(string folder)
    {
        if (LoraAdapter.Is(folder) && !TokenizerFiles.HasVocabulary(folder)) folder = LoraAdapter.BaseOf(folder);
        files = new TokenizerFiles(folder);
        try
        {
            byteLevel = ByteLevelFile.Find(files);
            string binary = files.PathOf("tokenizer.model");
            if (byteLevel == null)
                model = files.Tokenizer != null && !File.Exists(binary) ? SentencePieceJson.Read(files) : SentencePieceModel.Load(binary);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Pieces of the vocabulary's own.</summary>
    public int Pieces => byteLevel?.Pieces.Length ?? model!.Count;

    public void Dispose() => files.Dispose();

    /// <param name="rows">Of the embedding: as many tokens there are.</param>
    /// <param name="padding">Id of the padding token, where config.json names one.</param>
    /// <param name="isOurs">Whether keys of our own say what llama.cpp's cannot.</param>
    /// <exception cref="BadInputException">The vocabulary has more pieces than rows.</exception>
    public IEnumerable<GgufKey> Keys(int rows, int? padding, bool isOurs)
    {
        if (rows < Pieces)
            throw new BadInputException($"{files.Folder}: the tokenizer has {Pieces} pieces, the embedding {rows} rows; fetch both again");
        List<GgufKey> keys = byteLevel != null ? ByteLevel(rows) : SentencePiece(rows);
        if (padding is { } id && id >= 0 && id < rows) keys.Add(GgufKey.Of(Prefix + "padding_token_id", (uint)id));
        keys.Add(GgufKey.Of(Prefix + "add_bos_token", files.Flag("add_bos_token") ?? byteLevel == null));
        keys.Add(GgufKey.Of(Prefix + "add_eos_token", false));
        if (files.Token("chat_template") is { } template) keys.Add(GgufKey.Of("tokenizer.chat_template", template));
        return isOurs ? keys.Concat(Own(rows)) : keys;
    }

    private List<GgufKey> SentencePiece(int rows)
    {
        (string[] texts, PieceType[] types, float[] scores) = Table(rows, model!.Pieces, model.Types, Scores());
        List<GgufKey> keys =
        [
            GgufKey.Of(Prefix + "model", "llama"), GgufKey.Of(Prefix + "pre", "default"), GgufKey.Of(Prefix + "tokens", texts),
            GgufKey.Of(Prefix + "scores", scores), GgufKey.Of(Prefix + "token_type", [.. types.Select(type => (int)type)]),
            GgufKey.Of(Prefix + "bos_token_id", (uint)model.BosId), GgufKey.Of(Prefix + "eos_token_id", (uint)model.EosId),
        ];
        if (model.UnknownId != 0 || files.Tokenizer != null) keys.Add(GgufKey.Of(Prefix + "unknown_token_id", (uint)model.UnknownId));
        return keys;
    }

    private List<GgufKey> ByteLevel(int rows)
    {
        IEnumerable<PieceType> own = byteLevel!.Pieces.Select(piece => piece.Length == 0 ? PieceType.Unused
            : files.AddedTokens.ContainsKey(piece) ? PieceType.Control : PieceType.Normal);
        (string[] texts, PieceType[] types, _) = Table(rows, byteLevel.Pieces, [.. own], new float[byteLevel.Pieces.Length]);
        List<GgufKey> keys =
        [
            GgufKey.Of(Prefix + "model", "gpt2"),
            GgufKey.Of(Prefix + "pre", byteLevel.Pattern == ByteLevelPattern.SmolLm ? "smollm" : "gpt-2"),
            GgufKey.Of(Prefix + "tokens", texts), GgufKey.Of(Prefix + "token_type", [.. types.Select(type => (int)type)]),
            GgufKey.Of(Prefix + "merges", byteLevel.Merges),
        ];
        foreach ((string name, string key) in new[] { ("bos", "bos"), ("eos", "eos"), ("unk", "unknown") })
        {
            if (files.Token($"{name}_token") is { } text && files.AddedTokens.TryGetValue(text, out SpecialToken token) && token.Id < rows)
                keys.Add(GgufKey.Of($"{Prefix}{key}_token_id", (uint)token.Id));
        }
        return keys;
    }

    /// <summary>The pieces, and for the rows behind them added tokens, or what stands for none.</summary>
    private (string[] Texts, PieceType[] Types, float[] Scores) Table(int rows, IReadOnlyList<string> pieces,
        IReadOnlyList<PieceType> types, IReadOnlyList<float> scores)
    {
        Dictionary<int, SpecialToken> added = files.AddedTokens.Values.DistinctBy(token => token.Id).ToDictionary(token => token.Id);
        (string Text, PieceType Type, float Score) Row(int id)
            => id < pieces.Count && pieces[id].Length > 0 ? (pieces[id], types[id], scores[id])
            : added.TryGetValue(id, out SpecialToken token) ? (token.Text, PieceType.Control, AddedScore)
            : ($"[PAD{id}]", PieceType.Unused, PaddingScore);
        (string Text, PieceType Type, float Score)[] table = [.. Enumerable.Range(0, rows).Select(Row)];
        return ([.. table.Select(row => row.Text)], [.. table.Select(row => row.Type)], [.. table.Select(row => row.Score)]);
    }

    /// <summary>Where only the pairs' order is known, the first pair that makes a piece ranks it.</summary>
    private IReadOnlyList<float> Scores()
    {
        if (model!.PairRanks is not { } ranks) return model.Scores;
        var scores = new float[model.Count];
        foreach (IGrouping<int, int> piece in ranks.GroupBy(pair => pair.Key.Piece, pair => pair.Value)) scores[piece.Key] = -piece.Min();
        return scores;
    }

    private IEnumerable<GgufKey> Own(int rows)
    {
        if (model == null) yield break;
        yield return GgufKey.Of(EdgeKeys.TokenizerMode, EdgeKeys.Word(TokenizerModes.Choose(files).Mode));
        yield return GgufKey.Of(EdgeKeys.FusedDecoding, files.Tokenizer != null);
        SpecialToken[] added = [.. files.AddedTokens.Values.Where(token => token.Id >= rows || token.StripLeft || token.StripRight)
            .OrderBy(token => token.Id)];
        if (added.Length == 0) yield break;
        yield return GgufKey.Of(EdgeKeys.AddedTokens, [.. added.Select(token => token.Text)]);
        yield return GgufKey.Of(EdgeKeys.AddedIds, [.. added.Select(token => token.Id)]);
        yield return GgufKey.Of(EdgeKeys.AddedStrips, [.. added.Select(Strips)]);
    }

    private static int Strips(SpecialToken token)
        => (token.StripLeft ? EdgeKeys.StripLeft : 0) | (token.StripRight ? EdgeKeys.StripRight : 0);
}
