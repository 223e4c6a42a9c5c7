using System.Text;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Text.ByteLevel;
using EdgeVideoLlava.Runtime.Text.SentencePiece;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Runtime.Text;

/// <summary>Text to token ids and back, with exactly the ids of the reference implementation that made the checkpoint.</summary>
/// <remarks>Immutable and safe to share between threads; what belongs to one answer is in <see cref="StreamingDecoder"/>.</remarks>
public sealed class TextTokenizer
{
    /// <summary>What <see cref="EncodeWithVisualMarkers"/> cuts a prompt at.</summary>
    public const string ImageTag = "<image>";

    private readonly IVocabulary vocabulary;
    private readonly SpecialTokens specials;
    private readonly bool addsBos;
    private readonly bool fusedDecoding;

    /// <summary>Begin-of-text id; -1 in a vocabulary that has none.</summary>
    public int BosId { get; }

    /// <summary>End-of-text id: generation stops at it.</summary>
    public int EosId { get; }

    /// <summary>Unknown id; -1 in a vocabulary that has none.</summary>
    public int UnkId { get; }

    /// <summary>Id of "&lt;image&gt;" where the vocabulary has it (the -hf layout).</summary>
    public int? ImageTokenId => specials.Find(ImageTag);

    /// <summary>Id of "&lt;video&gt;" where the vocabulary has it (the -hf layout).</summary>
    public int? VideoTokenId => specials.Find("<video>");

    /// <summary>Id of "&lt;pad&gt;" where the vocabulary has it.</summary>
    public int? PadId => specials.Find("<pad>");

    /// <summary>Rows of the head from here on (added tokens, padding of the table) are untrained and must never be sampled.</summary>
    public int FirstUnsampledId => vocabulary.Count;

    /// <summary>Which rules this tokenizer follows and why, for people to read.</summary>
    public string ModeDescription { get; }

    /// <summary>The chat template that the model's files bring, in Jinja; null where there is none.</summary>
    public string? ChatTemplate { get; private init; }

    private TextTokenizer(IVocabulary vocabulary, SpecialTokens specials, (int Bos, int Eos, int Unk) ids, bool addsBos,
        bool fusedDecoding, string description)
    {
        this.vocabulary = vocabulary;
        this.specials = specials;
        (BosId, EosId, UnkId) = ids;
        this.addsBos = addsBos && BosId >= 0;
        this.fusedDecoding = fusedDecoding;
        ModeDescription = description;
    }

    /// <summary>Reads the tokenizer of a checkpoint: tokenizer.model and the JSON files beside it, tokenizer.json alone, or a GGUF
    /// file's.</summary>
    /// <param name="mode">Whose ids to give, or null: as the files say (tokenizer.json first, then tokenizer_config.json).</param>
    /// <exception cref="BadInputException">A file is missing, broken or of a kind that is not supported.</exception>
    public static TextTokenizer Load(string folder, TokenizerMode? mode = null)
    {
        if (GgufTokenizer.Find(folder, mode) is { } tokenizer) return tokenizer;
        if (LoraAdapter.Is(folder) && !TokenizerFiles.HasVocabulary(folder)) return Load(LoraAdapter.BaseOf(folder), mode);
        using var files = new TokenizerFiles(folder);
        try
        {
            if (ByteLevelFile.Find(files) is ByteLevelFile file) return FromByteLevel(file, files).With(files.Token("chat_template"));
            string binary = files.PathOf("tokenizer.model");
            SentencePieceModel model = files.Tokenizer != null && !File.Exists(binary) ? SentencePieceJson.Read(files)
                : SentencePieceModel.Load(binary);
            (TokenizerMode chosen, string reason) = mode is TokenizerMode given ? (given, "as told") : TokenizerModes.Choose(files);
            return FromSentencePiece(model, chosen, reason, files).With(files.Token("chat_template"));
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
        {
            throw new BadInputException($"{files.PathOf("tokenizer.json")}: not of the known form; fetch it again", e);
        }
    }

    /// <summary>A tokenizer of a vocabulary alone, without added tokens.</summary>
    internal static TextTokenizer FromSentencePiece(SentencePieceModel model, TokenizerMode mode)
        => FromSentencePiece(model, mode, "as told", null);

    /// <summary>A byte-level tokenizer given as arrays, as a GGUF file holds it.</summary>
    /// <param name="pieces">By id, written in GPT-2's byte alphabet.</param>
    /// <param name="merges">"a b", the first merged first.</param>
    /// <param name="specialIds">Ids of pieces that are not text but tokens such as "&lt;|im_end|&gt;".</param>
    /// <param name="bosId">Begin-of-text id, put in front of a text if <paramref name="addsBos"/>; -1 if there is none.</param>
    /// <param name="source">File name, for messages.</param>
    /// <param name="shownIds">Those of the special ids that an answer shows.</param>
    /// <exception cref="BadInputException">Pieces and merges do not fit together.</exception>
    internal static TextTokenizer FromByteLevel(string[] pieces, IReadOnlyList<string> merges, IReadOnlySet<int> specialIds,
        ByteLevelPattern pattern,
        int bosId, int eosId, int unknownId, bool addsBos, string source, IReadOnlySet<int>? shownIds = null)
    {
        if (specialIds.Any(id => id < 0 || id >= pieces.Length || pieces[id].Length == 0) || eosId < 0 || eosId >= pieces.Length)
            throw new BadInputException($"{source}: a special token has no piece; fetch the file again");
        var specials = new SpecialTokens(
            specialIds.Select(id => new SpecialToken(pieces[id], id, IsText: shownIds?.Contains(id) == true)), source);
        var vocabulary = new ByteLevelBpe(pieces, merges, specialIds, pattern, source);
        return new TextTokenizer(vocabulary, specials, (bosId, eosId, unknownId), addsBos, false,
            $"byte-level BPE, {pieces.Length} pieces");
    }

    /// <summary>Ids of a text. Special tokens written out in it ("&lt;/s&gt;") become their ids, as in the references.</summary>
    /// <param name="addBos">Put the begin-of-text id in front, if the vocabulary wants one.</param>
    public int[] Encode(string text, bool addBos = true)
    {
        var ids = new List<int>(text.Length / 3 + 2);
        if (addBos && addsBos) ids.Add(BosId);
        specials.Encode(text, vocabulary, ids);
        return [.. ids];
    }

    /// <summary>Ids of a whole prompt, which may begin with the begin-of-text token written out.</summary>
    public int[] EncodePrompt(string prompt)
    {
        int[] ids = Encode(prompt, addBos: false);
        return addsBos && (ids.Length == 0 || ids[0] != BosId) ? [BosId, .. ids] : ids;
    }

    /// <summary>Appends the ids of a stretch of text in which nothing is a special token.</summary>
    /// <param name="atStart">True if nothing, not even a special token, comes before it in its text.</param>
    internal void EncodePlain(ReadOnlySpan<char> text, bool atStart, List<int> ids) => vocabulary.Encode(text, atStart, ids);

    /// <summary>Text of a special token; "" for any other id.</summary>
    internal string SpecialText(int id) => specials.TextOf(id) ?? "";

    internal TextTokenizer With(string? chatTemplate)
        => new(vocabulary, specials, (BosId, EosId, UnkId), addsBos, fusedDecoding, ModeDescription) { ChatTemplate = chatTemplate };

    /// <summary>
    /// Ids of a prompt of the original layout: the text between "&lt;image&gt;" tags encoded chunk by chunk,
    /// a <see cref="MergedPrompt.VisualMarker"/> for each tag.
    /// </summary>
    public int[] EncodeWithVisualMarkers(string prompt)
    {
        var ids = new List<int>(prompt.Length / 3 + 2);
        if (addsBos) ids.Add(BosId);
        string[] chunks = prompt.Split(ImageTag);
        for (int i = 0; i < chunks.Length; i++)
        {
            if (i > 0) ids.Add(MergedPrompt.VisualMarker);
            specials.Encode(chunks[i], vocabulary, ids);
        }
        return [.. ids];
    }

    /// <summary>Text of a sequence of ids. Ids without a piece give nothing.</summary>
    /// <param name="skipSpecial">
    /// True: special tokens are left out before bytes are joined, as the references print an answer. False: they print as the reference
    /// prints them (SentencePiece: the unknown id as " ⁇ ", control pieces as nothing; tokenizer.json: their text).
    /// </param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        if (fusedDecoding) return FusedDecoder.Decode(ids, vocabulary, specials, skipSpecial);
        StreamingDecoder decoder = CreateDecoder(skipSpecial);
        var text = new StringBuilder();
        foreach (int id in ids) text.Append(decoder.Append(id));
        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>A decoder for one answer, id by id.</summary>
    /// <param name="skipSpecial">As for <see cref="Decode"/>.</param>
    internal StreamingDecoder CreateDecoder(bool skipSpecial = true) => new(vocabulary, skipSpecial ? specials : null);

    private static TextTokenizer FromSentencePiece(SentencePieceModel model, TokenizerMode mode, string reason, TokenizerFiles? files)
    {
        var special = new Dictionary<string, SpecialToken>(files?.AddedTokens ?? []);
        foreach (int id in (int[])[model.UnknownId, model.BosId, model.EosId])
        {
            if (special.TryGetValue(model.Pieces[id], out SpecialToken known) && known.Id != id)
                throw new BadInputException(
                    $"{files!.Folder}: {known.Text} is {id} in tokenizer.model and {known.Id} in the JSON files; fetch them again");
            special[model.Pieces[id]] = known.Text == null ? new SpecialToken(model.Pieces[id], id) : known;
        }
        bool fused = files?.Tokenizer != null;
        string description = $"SentencePiece BPE, {model.Count} pieces, {TokenizerModes.Describe(mode)} ({reason})";
        return new TextTokenizer(new SentencePieceVocabulary(model, mode), new SpecialTokens(special.Values, files?.Folder ?? ""),
            (model.BosId, model.EosId, model.UnknownId), files?.Flag("add_bos_token") ?? true, fused, description);
    }

    /// <summary>A GGUF file's SentencePiece vocabulary; tokens beyond it are special.</summary>
    /// <param name="added">Special tokens beside the pieces, and pieces of which more is known.</param>
    /// <param name="fusedDecoding">Ids become text as tokenizer.json has it.</param>
    internal static TextTokenizer FromSentencePiece(SentencePieceModel model, TokenizerMode mode, bool addsBos,
        IReadOnlyList<SpecialToken> added, bool fusedDecoding, string source)
    {
        HashSet<int> known = [.. added.Select(token => token.Id)];
        IEnumerable<SpecialToken> special = from id in Enumerable.Range(0, model.Count)
                                            where !known.Contains(id)
                                                && model.Types[id] is (PieceType.Control or PieceType.UserDefined or PieceType.Unknown)
                                            select new SpecialToken(model.Pieces[id], id, IsText: model.Types[id] == PieceType.UserDefined);
        string description = $"SentencePiece BPE, {model.Count} pieces, {TokenizerModes.Describe(mode)}";
        return new TextTokenizer(new SentencePieceVocabulary(model, mode), new SpecialTokens(special.Concat(added), source),
            (model.BosId, model.EosId, model.UnknownId), addsBos, fusedDecoding, description);
    }

    private static TextTokenizer FromByteLevel(ByteLevelFile file, TokenizerFiles files)
    {
        string path = files.PathOf("tokenizer.json");
        int Id(string name) => files.Token(name) is string text && files.AddedTokens.TryGetValue(text, out SpecialToken token) ? token.Id
            : -1;
        if (Id("eos_token") < 0)
            throw new BadInputException(
                $"{files.PathOf("tokenizer_config.json")}: eos_token is absent or no added token; it says where an answer ends");
        IReadOnlySet<int> special = files.AddedTokens.Values.Select(token => token.Id).ToHashSet();
        return FromByteLevel(file.Pieces, file.Merges, special, file.Pattern, Id("bos_token"), Id("eos_token"), Id("unk_token"),
            files.Flag("add_bos_token") ?? false, path);
    }
}
