using System.Text;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using Microsoft.ML.Tokenizers;

namespace EdgeVideoLlava.Runtime.Text.ByteLevel;

/// <summary>A byte-level BPE vocabulary (GPT-2 and its descendants): the one place that names Microsoft.ML.Tokenizers.</summary>
/// <remarks>
/// The package encodes; decoding is ours, because it must stream and treat broken UTF-8 as the rest of the product does.
/// A byte that the vocabulary has no piece for (SmolLM2 lacks some control characters) is dropped, as in huggingface/tokenizers.
/// </remarks>
internal sealed partial class ByteLevelBpe : IVocabulary
{
    private readonly string[] pieces;
    private readonly byte[]?[] bytes;
    private readonly BpeTokenizer encoder;

    /// <param name="pieces">By id; "" where an id has no piece.</param>
    /// <param name="merges">"a b", the first merged first.</param>
    /// <param name="special">Ids that are not text.</param>
    /// <exception cref="BadInputException">Pieces and merges do not fit together.</exception>
    public ByteLevelBpe(string[] pieces, IReadOnlyList<string> merges, IReadOnlySet<int> special, ByteLevelPattern pattern, string source)
    {
        this.pieces = pieces;
        bytes = [.. pieces.Select((piece, id) => special.Contains(id) ? null : ByteAlphabet.BytesOf(piece))];
        Dictionary<string, int> ids = ReadPieces(special, source);
        foreach (string merge in merges)
        {
            string[] parts = merge.Split(' ');
            if (parts.Length != 2 || !ids.ContainsKey(parts[0]) || !ids.ContainsKey(parts[1]) || !ids.ContainsKey(parts[0] + parts[1]))
                throw new BadInputException($"{source}: the merge \"{merge}\" is not of two pieces to a third; fetch the file again");
        }
        encoder = BpeTokenizer.Create(new BpeOptions(ids)
        {
            Merges = merges,
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(pattern == ByteLevelPattern.SmolLm ? SmolLmWords() : Gpt2Words(), null),
        });
    }

    public int Count => pieces.Length;

    // A special token, where it is not left out, prints as it is written.
    public PieceType TypeOf(int id) => bytes[id] == null ? PieceType.Normal : PieceType.Byte;

    public string TextOf(int id) => pieces[id];

    public ReadOnlySpan<byte> BytesOf(int id) => bytes[id];

    public void Encode(ReadOnlySpan<char> segment, bool atStart, List<int> ids)
    {
        // Through UTF-8 once, so that a lone surrogate is U+FFFD here as everywhere.
        string text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(segment.ToString()));
        ids.AddRange(encoder.EncodeToIds(text));
    }

    private Dictionary<string, int> ReadPieces(IReadOnlySet<int> special, string source)
    {
        var ids = new Dictionary<string, int>();
        for (int id = 0; id < pieces.Length; id++)
        {
            if (special.Contains(id) || pieces[id].Length == 0) continue;
            if (bytes[id] == null)
                throw new BadInputException(
                    $"{source}: piece {id} holds a character that stands for no byte; this is not a byte-level vocabulary");
            if (!ids.TryAdd(pieces[id], id))
                throw new BadInputException($"{source}: piece {id} stands there twice (also {ids[pieces[id]]}); fetch the file again");
        }
        return ids;
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Gpt2Words();

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?=\p{N})|\s+(?!\S)|\s+")]
    private static partial Regex SmolLmWords();
}
