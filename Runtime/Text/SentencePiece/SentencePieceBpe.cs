using System.Text;

namespace EdgeVideoLlava.Runtime.Text.SentencePiece;

/// <summary>Byte-pair merging over a SentencePiece vocabulary.</summary>
/// <remarks>
/// Start from code points; merge the adjacent pair whose joined piece has the highest score, equal scores leftmost first, until no pair
/// is a piece; a symbol that is not a piece then becomes its UTF-8 bytes. Source: google/sentencepiece, bpe_model. A heap of candidate
/// pairs makes it O(n log n): a text without blanks is one word here, however long.
/// </remarks>
internal sealed class SentencePieceBpe(SentencePieceModel model)
{
    /// <summary>U+2581, which stands for a blank inside pieces.</summary>
    public const char BlankMark = '\u2581';

    /// <summary>Appends the ids of a text to <paramref name="ids"/>: blanks become U+2581, and one is put in front if
    /// <paramref name="dummyPrefix"/>.</summary>
    /// <remarks>No normalisation, no begin-of-text id. An empty text gives nothing. A lone surrogate is read as U+FFFD.</remarks>
    public void Encode(ReadOnlySpan<char> text, bool dummyPrefix, List<int> ids)
    {
        if (text.IsEmpty) return;
        char[] marked = Mark(text, dummyPrefix);
        Symbol[] symbols = Split(marked);
        Merge(marked, symbols);
        for (int at = 0; at >= 0; at = symbols[at].Next) Emit(marked.AsSpan(symbols[at].Start, symbols[at].Length), ids);
    }

    private static char[] Mark(ReadOnlySpan<char> text, bool dummyPrefix)
    {
        int prefix = dummyPrefix ? 1 : 0;
        var marked = new char[prefix + text.Length];
        if (dummyPrefix) marked[0] = BlankMark;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool paired = char.IsHighSurrogate(c) ? i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
                : !char.IsLowSurrogate(c) || (i > 0 && char.IsHighSurrogate(text[i - 1]));
            marked[prefix + i] = c == ' ' ? BlankMark : paired ? c : '\uFFFD';
        }
        return marked;
    }

    private static Symbol[] Split(char[] text)
    {
        var symbols = new List<Symbol>(text.Length);
        for (int start = 0, length; start < text.Length; start += length)
        {
            length = char.IsHighSurrogate(text[start]) ? 2 : 1;
            symbols.Add(new Symbol { Start = start, Length = length, Previous = symbols.Count - 1, Next = symbols.Count + 1 });
        }
        Symbol[] array = [.. symbols];
        array[^1].Next = -1;
        return array;
    }

    private void Merge(char[] text, Symbol[] symbols)
    {
        var candidates = new PriorityQueue<Pair, (float NegativeScore, int Left)>(symbols.Length);
        for (int left = 0; left + 1 < symbols.Length; left++) Consider(text, symbols, left, left + 1, candidates);
        while (candidates.TryDequeue(out Pair pair, out _))
        {
            ref Symbol left = ref symbols[pair.Left];
            ref Symbol right = ref symbols[pair.Right];
            // A symbol merged since the pair was queued has another length, or none.
            if (left.Length == 0 || right.Length == 0 || left.Length + right.Length != pair.Length) continue;
            left.Length = pair.Length;
            right.Length = 0;
            left.Next = right.Next;
            if (right.Next >= 0) symbols[right.Next].Previous = pair.Left;
            if (left.Previous >= 0) Consider(text, symbols, left.Previous, pair.Left, candidates);
            if (left.Next >= 0) Consider(text, symbols, pair.Left, left.Next, candidates);
        }
    }

    private void Consider(char[] text, Symbol[] symbols, int left, int right, PriorityQueue<Pair, (float, int)> candidates)
    {
        int length = symbols[left].Length + symbols[right].Length;
        if (length > model.LongestPiece) return;
        int id = model.FindNormal(text.AsSpan(symbols[left].Start, length));
        if (id >= 0) candidates.Enqueue(new Pair(left, right, length), (-model.Scores[id], left));
    }

    private void Emit(ReadOnlySpan<char> symbol, List<int> ids)
    {
        int id = model.FindNormal(symbol);
        if (id >= 0)
        {
            ids.Add(id);
            return;
        }
        Span<byte> bytes = stackalloc byte[4];
        int count = Encoding.UTF8.GetBytes(symbol, bytes);
        foreach (byte value in bytes[..count]) ids.Add(model.ByteId(value));
    }

    private readonly record struct Pair(int Left, int Right, int Length);

    private struct Symbol
    {
        public int Start;
        public int Length;
        public int Previous;
        public int Next;
    }
}
