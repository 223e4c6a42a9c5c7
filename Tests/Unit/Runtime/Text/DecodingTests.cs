using System.Text;
using System.Text.Json;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

public sealed class DecodingTests
{
    private static IEnumerable<JsonElement> Cases => Json.Load(Golden.Path("text/detokenize.json")).GetProperty("cases").EnumerateArray();

    private static TextTokenizer Tokenizer => LlamaVocabulary.Tokenizer(TokenizerMode.NonLegacy431);

    [Fact]
    public void Every_sequence_is_the_text_of_the_reference()
    {
        TextTokenizer tokenizer = Tokenizer;
        Assert.All(Cases, test => Assert.Equal(test.Text("decoded"), tokenizer.Decode(test.GetProperty("ids").Ids(), skipSpecial: false)));
        Assert.Equal(165, Cases.Count());
    }

    [Fact]
    public void Every_sequence_without_special_tokens_is_the_text_of_the_reference()
    {
        TextTokenizer tokenizer = Tokenizer;
        Assert.All(Cases, test => Assert.Equal(test.Or("v431_skip_special", "decoded").GetString(),
            tokenizer.Decode(test.GetProperty("ids").Ids())));
    }

    [Fact]
    public void Every_streamed_step_is_what_can_no_longer_change()
    {
        TextTokenizer tokenizer = Tokenizer;
        foreach (JsonElement test in Cases)
        {
            StreamingDecoder decoder = tokenizer.CreateDecoder(skipSpecial: false);
            string[] steps = [.. test.GetProperty("ids").Ids().Select(decoder.Append)];
            Assert.Equal(test.GetProperty("steps").Texts(), steps);
            Assert.Equal(test.Text("flush"), decoder.Flush());
        }
    }

    [Fact]
    public void Every_tokenized_text_comes_back()
    {
        TextTokenizer tokenizer = Tokenizer;
        JsonElement cases = Json.Load(Golden.Path("text/tokenize.json")).GetProperty("cases");
        Assert.All(cases.EnumerateArray(), test => Assert.Equal(test.Or("decoded", "text").GetString(),
            tokenizer.Decode(test.GetProperty("ids").Ids(), skipSpecial: false)));
    }

    [Fact]
    public void Bytes_in_any_order_stream_as_the_definition_says()
    {
        // The definition, byte by byte over the whole run: a whole character where one stands, else U+FFFD for one byte.
        static string Definition(ReadOnlySpan<byte> bytes)
        {
            var text = new StringBuilder();
            while (!bytes.IsEmpty)
            {
                bool good = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
                text.Append(good ? rune.ToString() : "\uFFFD");
                bytes = bytes[(good ? length : 1)..];
            }
            return text.ToString();
        }

        TextTokenizer tokenizer = Tokenizer;
        byte[] likely = [0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF];
        var random = new Random(5);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => likely[random.Next(likely.Length)])];
            Assert.Equal(Definition(bytes), tokenizer.Decode([.. bytes.Select(value => value + 3)]));
        }
    }

    [Fact]
    public void An_answer_is_trimmed_and_ids_without_a_piece_give_nothing()
        => Assert.Equal("The cat", Blanks.Trim(Tokenizer.Decode([1, 13, 450, -200, 6635, 32000, 999_999, 13, 2])));
}
