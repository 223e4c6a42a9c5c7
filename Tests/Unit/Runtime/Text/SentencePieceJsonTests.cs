using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.SentencePiece;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

/// <summary>A checkpoint whose vocabulary is in tokenizer.json alone.</summary>
public sealed class SentencePieceJsonTests
{
    private static string Tiny => Golden.Path("hf-tiny/checkpoint");

    private static IEnumerable<JsonElement> Prompts
        => Json.Load(Golden.Path("hf-tiny/tokenizer/prompts.json")).GetProperty("prompts").EnumerateArray();

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // bos and eos are then Llama's
    public void The_ids_and_texts_are_the_references(bool withConfig)
    {
        TextTokenizer tokenizer = Load(File.ReadAllText(Path.Combine(Tiny, "tokenizer.json")), withConfig);
        Assert.Equal((1, 2, 0), (tokenizer.BosId, tokenizer.EosId, tokenizer.UnkId));
        Assert.All(Prompts, test =>
        {
            int[] ids = test.GetProperty("ids").Ids();
            Assert.Equal(ids, tokenizer.Encode(test.Text("text")));
            Assert.Equal(test.Text("decoded"), tokenizer.Decode(ids));
            Assert.Equal(test.Text("decoded_with_special"), tokenizer.Decode(ids, skipSpecial: false));
        });
    }

    /// <summary>32,000 pieces, written as the reference's converter writes them.</summary>
    [Fact]
    public void The_real_vocabulary_gives_the_ids_of_the_reference()
    {
        TextTokenizer tokenizer = Load(Converted(LlamaVocabulary.Model), withConfig: false);
        Assert.All(Prompts, test => Assert.Equal(test.GetProperty("real_vocabulary_ids").Ids(), tokenizer.Encode(test.Text("text"))));
    }

    [Theory]
    [InlineData("dropout", "0.1", "no dropout")]
    [InlineData("type", "\"Unigram\"", "of the kind Unigram")]
    [InlineData("byte_fallback", "false", "byte_fallback")]
    [InlineData("vocab", "{ \"<unk>\": 0, \"a\": 0 }", "each once (a has 0)")]
    [InlineData("vocab", "{ \"<unk>\": 0, \"a\": 7 }", "each once (a has 7)")]
    [InlineData("merges", "[ \"a nowhere\" ]", "the pair a nowhere is not two pieces that make a third")]
    [InlineData("merges", "[ [ \"t\", \"\u2581\" ] ]", "is not two pieces that make a third")]
    [InlineData("merges", "[ \"t\" ]", "is not two pieces that make a third")]
    [InlineData("merges", "[ 7 ]", "not of the known form")]
    [InlineData("unk_token", "\"nowhere\"", "as the unknown id")]
    [InlineData("vocab", "7", "not of the known form")]
    public void What_would_give_other_ids_is_refused(string field, string value, string complaint)
    {
        JsonNode file = JsonNode.Parse(File.ReadAllText(Path.Combine(Tiny, "tokenizer.json")))!;
        file["model"]![field] = JsonNode.Parse(value);
        string message = Assert.Throws<BadInputException>(() => Load(file.ToJsonString(), withConfig: true)).Message;
        Assert.Contains(complaint, message);
        Assert.DoesNotContain('\n', message);
    }

    private static TextTokenizer Load(string tokenizer, bool withConfig)
    {
        using var folder = new ScratchFolder();
        folder.Write("tokenizer.json", tokenizer);
        if (withConfig) folder.Copy(Path.Combine(Tiny, "tokenizer_config.json"), "tokenizer_config.json");
        return TextTokenizer.Load(folder.Path);
    }

    /// <summary>The definition (transformers, convert_slow_tokenizer, generate_merges): every pair of pieces that joins to a piece, by that
    /// piece's score, then by the lengths of the two, the greatest first.</summary>
    private static string Converted(SentencePieceModel model)
    {
        Dictionary<string, int> ids = model.Pieces.Select((piece, id) => (piece, id)).ToDictionary();
        var pairs = new List<(float Score, int Left, int Right, string Pair)>();
        foreach ((string piece, int id) in ids)
        {
            for (int cut = 1; cut < piece.Length; cut++)
            {
                if (ids.ContainsKey(piece[..cut]) && ids.ContainsKey(piece[cut..]))
                    pairs.Add((model.Scores[id], cut, piece.Length - cut, $"{piece[..cut]} {piece[cut..]}"));
            }
        }
        object[] added = [.. model.Pieces.Take(3).Select((content, id) => new { id, content }),
            new { id = 32000, content = "<image>" }, new { id = 32001, content = "<video>" }, new { id = 32002, content = "<pad>" }];
        return JsonSerializer.Serialize(new
        {
            added_tokens = added,
            pre_tokenizer = new { type = "Metaspace", prepend_scheme = "first" },
            model = new
            {
                type = "BPE",
                unk_token = "<unk>",
                byte_fallback = true,
                vocab = ids,
                merges = pairs.OrderByDescending(pair => (pair.Score, pair.Left, pair.Right)).Select(pair => pair.Pair),
            },
        });
    }
}
