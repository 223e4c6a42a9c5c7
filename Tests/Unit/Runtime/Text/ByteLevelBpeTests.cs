using System.Text;
using System.Text.Json;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.ByteLevel;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

public sealed class ByteLevelBpeTests
{
    private const string Digits =
        """{ "type": "Sequence", "pretokenizers": [{ "type": "Digits", "individual_digits": true }, { "type": "ByteLevel", "add_prefix_space": false }] }""";

    /// <summary>The 256 bytes in GPT-2's order of writing them, then merged pieces: ids 256 and up.</summary>
    private static readonly string[] Alphabet =
        [.. Enumerable.Range('!', 94).Concat(Enumerable.Range(0xA1, 12)).Concat(Enumerable.Range(0xAE, 82))
        .Concat(Enumerable.Range(0x100, 68)).Select(c => ((char)c).ToString())];

    private static readonly string[] Merges = ["h e", "l l", "he ll", "hell o", "\u0120 he", "1 2"];

    private static string TokenizerJson(string[] merges, string preTokenizer = Digits)
    {
        Dictionary<string, int> vocabulary = Alphabet.Concat(Merges.Select(merge => merge.Replace(" ", "")))
            .Select((piece, id) => (piece, id)).ToDictionary();
        return $$"""
            { "added_tokens": [{ "content": "<|end|>", "id": 262 }], "normalizer": null, "pre_tokenizer": {{preTokenizer}},
              "model": { "type": "BPE", "vocab": {{JsonSerializer.Serialize(vocabulary)}}, "merges": {{JsonSerializer.Serialize(merges)}} } }
            """;
    }

    private static TextTokenizer Load(string tokenizerJson, string config = """{ "eos_token": "<|end|>" }""")
    {
        using var folder = new ScratchFolder();
        folder.Write("tokenizer.json", tokenizerJson);
        folder.Write("tokenizer_config.json", config);
        return TextTokenizer.Load(folder.Path);
    }

    [Fact]
    public void A_small_tokenizer_json_merges_in_its_order()
    {
        TextTokenizer tokenizer = Load(TokenizerJson(Merges));
        int Byte(char c) => Array.IndexOf(Alphabet, c.ToString());
        // "hello" is one piece; " hello" merges " " + "he" only after "he" has become "hell"; digits stay alone in spite of the merge.
        Assert.Equal([259, Byte('\u0120'), 259, 262, Byte('1'), Byte('2')], tokenizer.Encode("hello hello<|end|>12"));
        Assert.Equal((-1, 262, 263), (tokenizer.BosId, tokenizer.EosId, tokenizer.FirstUnsampledId));
        Assert.Equal("hello 12", tokenizer.Decode(tokenizer.Encode("hello<|end|> 12")));
        Assert.Contains("byte-level", tokenizer.ModeDescription);
    }

    [Fact]
    public void Any_text_comes_back_and_streams_in_whole_characters()
    {
        TextTokenizer tokenizer = Load(TokenizerJson(Merges));
        var random = new Random(6);
        for (int round = 0; round < 500; round++)
        {
            string[] parts = ["hello", " ", "\n", "12", "\u00E9", "\u4F60", "\U0001F600", "\t", "'ll"];
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)]));
            int[] ids = tokenizer.Encode(text);
            StreamingDecoder decoder = tokenizer.CreateDecoder();
            var streamed = new StringBuilder();
            foreach (int id in ids)
            {
                string step = decoder.Append(id);
                Assert.DoesNotContain('\uFFFD', step);
                streamed.Append(step);
            }
            Assert.Equal(text, streamed.Append(decoder.Flush()).ToString());
            Assert.Equal(text, tokenizer.Decode(ids));
        }
        Assert.Equal(tokenizer.Encode("a\uFFFD"), tokenizer.Encode("a\uD83D"));
    }

    [Fact]
    public void SmolLM2_encodes_and_decodes_as_the_reference()
    {
        string golden = Golden.Path("gguf/smollm2/tokenize.json");
        string path = Golden.Data("smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
        var file = new GgufStrings(path);
        HashSet<int> special = [.. file.Numbers("tokenizer.ggml.token_type").Index().Where(type => type.Item == (int)PieceType.Control)
            .Select(type => type.Index)];
        TextTokenizer tokenizer = TextTokenizer.FromByteLevel(file.Texts("tokenizer.ggml.tokens"), file.Texts("tokenizer.ggml.merges"),
            special, ByteLevelPattern.SmolLm,
            file.Number("tokenizer.ggml.bos_token_id"), file.Number("tokenizer.ggml.eos_token_id"),
            file.Number("tokenizer.ggml.unknown_token_id"), addsBos: false, path);
        JsonElement cases = Json.Load(golden).GetProperty("cases");
        Assert.Equal(70, cases.GetArrayLength());
        Assert.Equal(tokenizer.Encode("a").Concat(tokenizer.Encode("b")), tokenizer.Encode("a\u0004b"));
        Assert.All(cases.EnumerateArray(), test =>
        {
            Assert.Equal(test.GetProperty("ids").Ids(), tokenizer.Encode(test.Text("text")));
            Assert.Equal(test.Text("decoded"), tokenizer.Decode(test.GetProperty("ids").Ids(), skipSpecial: false));
        });
    }

    [Fact]
    public void A_broken_file_is_refused()
    {
        string good = TokenizerJson(Merges);
        Load(good);
        Assert.Contains("\"h x\"", Refusal(() => Load(TokenizerJson(["h x"]))));
        Assert.Contains("Split",
            Refusal(() => Load(
            TokenizerJson(Merges, """{ "type": "Sequence", "pretokenizers": [{ "type": "Split" }, { "type": "ByteLevel" }] }"""))));
        Refusal(() => Load(TokenizerJson(Merges, """{ "type": "ByteLevel", "add_prefix_space": true }""")));
        Refusal(() => Load(good.Replace("\"merges\"", "\"merge\"")));
        Refusal(() => Load(good.Replace("\"vocab\"", "\"vocabulary\"")));
        Refusal(() => Load(good.Replace("\"model\"", "\"other\"")));
        Refusal(() => Load(good.Replace("\"#\":2,", "\"#\":1,")));
        Refusal(() => Load(good.Replace("\"#\":2,", "\"#\":2000000000,")));
        Assert.Contains("eos_token", Refusal(() => Load(good, "{ }")));
    }

    private static string Refusal(Action act) => Assert.Throws<BadInputException>(act).Message;
}
