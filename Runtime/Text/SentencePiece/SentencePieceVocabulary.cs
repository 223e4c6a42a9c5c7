using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text.SentencePiece;

/// <summary>A Llama vocabulary under one of the references' rules for where the blank mark goes.</summary>
internal sealed class SentencePieceVocabulary : IVocabulary
{
    private static readonly byte[] AllBytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];

    private readonly SentencePieceModel model;
    private readonly SentencePieceBpe bpe;
    private readonly TokenizerMode mode;
    private readonly string[] texts;
    private readonly byte[] bytes;

    public SentencePieceVocabulary(SentencePieceModel model, TokenizerMode mode)
    {
        this.model = model;
        this.mode = mode;
        bpe = new SentencePieceBpe(model);
        texts = [.. model.Pieces.Select(piece => piece.Replace(SentencePieceBpe.BlankMark, ' '))];
        bytes = [.. Enumerable.Range(0, model.Count).Select(id => model.Types[id] == PieceType.Byte ? model.ByteOf(id) : (byte)0)];
    }

    public int Count => model.Count;

    public PieceType TypeOf(int id) => model.Types[id];

    public string TextOf(int id) => texts[id];

    public ReadOnlySpan<byte> BytesOf(int id) => AllBytes.AsSpan(bytes[id], 1);

    public void Encode(ReadOnlySpan<char> segment, bool atStart, List<int> ids)
    {
        bool blankFirst = segment.Length > 0 && segment[0] is ' ' or SentencePieceBpe.BlankMark;
        switch (mode)
        {
            case TokenizerMode.NonLegacy431 when !atStart && !blankFirst: EncodeAndCutMark(segment, ids); break;
            case TokenizerMode.Legacy431 or TokenizerMode.NonLegacy431: bpe.Encode(segment, true, ids); break;
            case TokenizerMode.NonLegacy444: bpe.Encode(segment, atStart, ids); break;
            case TokenizerMode.NonLegacyFast: bpe.Encode(segment, atStart && !blankFirst, ids); break;
            case TokenizerMode.NoPrefix: bpe.Encode(segment, false, ids); break;
            case TokenizerMode.LegacyFast: bpe.Encode(segment, !blankFirst, ids); break;
            default: throw new InvalidOperationException($"tokenizer mode {mode}");
        }
    }

    /// <summary>
    /// The 4.31 rule after a special token: encode with the mark, cut it off the first piece and look up what is left. Where that is no
    /// piece the reference really gives the unknown id ("would" after &lt;/s&gt;), and the model was trained with it.
    /// </summary>
    private void EncodeAndCutMark(ReadOnlySpan<char> segment, List<int> ids)
    {
        int first = ids.Count;
        bpe.Encode(segment, true, ids);
        if (ids.Count == first) return;
        string piece = model.Pieces[ids[first]];
        if (piece[0] != SentencePieceBpe.BlankMark) return;
        if (piece.Length == 1) ids.RemoveAt(first);
        else ids[first] = model.Find(piece.AsSpan(1));
    }
}
