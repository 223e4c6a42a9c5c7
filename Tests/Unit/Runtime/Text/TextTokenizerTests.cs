using System.Text.Json;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

public sealed class TextTokenizerTests
{
    [Theory]
    [InlineData(TokenizerMode.Legacy431, "v431_legacy")]
    [InlineData(TokenizerMode.Legacy431, "v431_fast")]
    [InlineData(TokenizerMode.NonLegacy431, "v431_nonlegacy")]
    [InlineData(TokenizerMode.NonLegacy444, "v444_nonlegacy")]
    [InlineData(TokenizerMode.NonLegacyFast, "v5_nonlegacy")]
    [InlineData(TokenizerMode.LegacyFast, "v5_legacy")]
    public void Every_text_has_the_ids_of_the_reference(TokenizerMode mode, string variant)
    {
        TextTokenizer tokenizer = LlamaVocabulary.Tokenizer(mode);
        JsonElement golden = Json.Load(Golden.Path("text/tokenize.json"));
        var wrong = new List<string>();
        foreach (JsonElement test in golden.GetProperty("cases").EnumerateArray())
        {
            int[] expected = test.Or(variant, "ids").Ids();
            string text = test.Text("text");
            if (!expected.SequenceEqual(tokenizer.Encode(text, addBos: false))) wrong.Add(test.Text("id"));
            if (!expected.Prepend(1).SequenceEqual(tokenizer.Encode(text))) wrong.Add(test.Text("id") + " with BOS");
        }
        Assert.Equal(1016, golden.GetProperty("cases").GetArrayLength());
        Assert.Empty(wrong);
    }
}
