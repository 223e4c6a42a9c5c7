using System.Buffers;

namespace EdgeVideoLlava.Runtime.Text.Vocabularies;

/// <summary>A text that is one id wherever it stands, such as &lt;/s&gt; or &lt;video&gt;.</summary>
/// <param name="StripLeft">Blanks before it are dropped ("lstrip").</param>
/// <param name="StripRight">Blanks after it are dropped ("rstrip").</param>
internal readonly record struct SpecialToken(string Text, int Id, bool StripLeft = false, bool StripRight = false);

/// <summary>Cuts a text at its special tokens; at each place the longest one wins.</summary>
internal sealed class SpecialTokens
{
    private readonly SpecialToken[] tokens;
    private readonly SearchValues<char> firstCharacters;
    private readonly Dictionary<int, string> texts = [];

    public SpecialTokens(IEnumerable<SpecialToken> tokens, string source)
    {
        this.tokens = [.. tokens.OrderByDescending(token => token.Text.Length)];
        firstCharacters = SearchValues.Create(this.tokens.Select(token => token.Text[0]).Distinct().ToArray());
        foreach (SpecialToken token in this.tokens)
        {
            if (!texts.TryAdd(token.Id, token.Text) && texts[token.Id] != token.Text)
                throw new BadInputException(
                    $"{source}: the special tokens {texts[token.Id]} and {token.Text} have the same id {token.Id}; fetch the tokenizer "
                    + "files again");
        }
    }

    /// <summary>Text of a special token, or null if the id is none.</summary>
    public string? TextOf(int id) => texts.GetValueOrDefault(id);

    /// <summary>Id of a special token, or null.</summary>
    public int? Find(string text)
    {
        foreach (SpecialToken token in tokens)
        {
            if (token.Text == text) return token.Id;
        }
        return null;
    }

    /// <summary>Appends the ids of a text to <paramref name="ids"/>, the stretches between special tokens through
    /// <paramref name="vocabulary"/>.</summary>
    public void Encode(string text, IVocabulary vocabulary, List<int> ids)
    {
        int segment = 0;
        bool stripNext = false;
        for (int at = 0; at < text.Length;)
        {
            int step = text.AsSpan(at).IndexOfAny(firstCharacters);
            if (step < 0) break;
            at += step;
            if (Match(text, at) is not SpecialToken token)
            {
                at++;
                continue;
            }
            EncodeSegment(text.AsSpan(segment, at - segment), segment == 0, stripNext, token.StripLeft, vocabulary, ids);
            ids.Add(token.Id);
            at += token.Text.Length;
            (segment, stripNext) = (at, token.StripRight);
        }
        EncodeSegment(text.AsSpan(segment), segment == 0, stripNext, false, vocabulary, ids);
    }

    private SpecialToken? Match(string text, int at)
    {
        foreach (SpecialToken token in tokens)
        {
            if (text.AsSpan(at).StartsWith(token.Text, StringComparison.Ordinal)) return token;
        }
        return null;
    }

    private static void EncodeSegment(ReadOnlySpan<char> segment, bool atStart, bool stripStart, bool stripEnd, IVocabulary vocabulary,
        List<int> ids)
    {
        if (stripStart) segment = Blanks.TrimStart(segment);
        if (stripEnd) segment = Blanks.TrimEnd(segment);
        if (segment.Length > 0) vocabulary.Encode(segment, atStart, ids);
    }
}
