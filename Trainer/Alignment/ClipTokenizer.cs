using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Text.ByteLevel;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>CLIP's byte-level BPE from vocab.json and merges.txt: lower case, &lt;/w&gt; at a word's end.</summary>
/// <remarks>
/// The rules of openai/CLIP's simple_tokenizer: begin mark, words, end mark. Text is not mended (ftfy) before; the reference does that
/// where the package is installed.
/// </remarks>
internal sealed partial class ClipTokenizer
{
    private const string BeginMark = "<|startoftext|>", EndMark = "<|endoftext|>", WordEnd = "</w>";
    private const long LongestMerges = 64 << 20;

    private readonly Dictionary<string, int> ids = [];
    private readonly Dictionary<(string, string), int> ranks = [];

    /// <exception cref="BadInputException">A file is broken.</exception>
    private ClipTokenizer(string vocabulary, string merges)
    {
        using JsonDocument document = JsonFile.Read(vocabulary);
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new BadInputException($"{vocabulary}: no object of pieces");
        foreach (JsonProperty piece in document.RootElement.EnumerateObject())
        {
            if (piece.Value.ValueKind != JsonValueKind.Number || !piece.Value.TryGetInt32(out int id) || id < 0)
                throw new BadInputException($"{vocabulary}: \"{piece.Name}\" has no id");
            ids[piece.Name] = id;
        }
        foreach (string mark in new[] { BeginMark, EndMark })
        {
            if (!ids.ContainsKey(mark)) throw new BadInputException($"{vocabulary}: {mark} is missing; it is not CLIP's");
        }
        foreach (string line in Encoding.UTF8.GetString(InputFile.ReadAll(merges, LongestMerges)).Split('\n'))
        {
            string[] parts = line.TrimEnd('\r').Split(' ');
            if (line.StartsWith("#version", StringComparison.Ordinal) || parts.Length == 1 && parts[0].Length == 0) continue;
            if (parts.Length != 2) throw new BadInputException($"{merges}: the merge \"{line}\" is not of two pieces");
            ranks.TryAdd((parts[0], parts[1]), ranks.Count);
        }
    }

    /// <summary>The tokenizer of a model's folder; null where its files are absent.</summary>
    public static ClipTokenizer? Find(string folder)
    {
        string vocabulary = Path.Combine(folder, "vocab.json"), merges = Path.Combine(folder, "merges.txt");
        return File.Exists(vocabulary) && File.Exists(merges) ? new ClipTokenizer(vocabulary, merges) : null;
    }

    public int MostId => ids.Values.Max();

    /// <summary>Ids with both marks; of a text that is too long the end is cut, not its end mark.</summary>
    /// <param name="most">Ids at most.</param>
    public int[] Encode(string text, int most)
    {
        List<int> result = [ids[BeginMark]];
        string clean = Blanks().Replace(text, " ").Trim().ToLowerInvariant();
        foreach (Match word in Words().Matches(clean)) result.AddRange(Merge(word.Value));
        return [.. result.Take(most - 1), ids[EndMark]];
    }

    private IEnumerable<int> Merge(string word)
    {
        List<string> pieces = [.. ByteAlphabet.Write(word).Select(letter => letter.ToString())];
        pieces[^1] += WordEnd;
        while (pieces.Count > 1)
        {
            (int rank, int at) = Enumerable.Range(0, pieces.Count - 1)
                .Min(i => (ranks.GetValueOrDefault((pieces[i], pieces[i + 1]), int.MaxValue), i));
            if (rank == int.MaxValue) break;
            pieces[at] += pieces[at + 1];
            pieces.RemoveAt(at + 1);
        }
        return pieces.Select(piece => ids.GetValueOrDefault(piece, ids[EndMark]));
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+")]
    private static partial Regex Words();
}
