using System.Diagnostics;
using System.Text.Json;
using EdgeVideoLlava.Runtime.Text.SentencePiece;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

public sealed class SentencePieceBpeTests
{
    private static int[] Encode(string text)
    {
        var ids = new List<int>();
        new SentencePieceBpe(LlamaVocabulary.Model).Encode(text, true, ids);
        return [.. ids];
    }

    [Fact]
    public void Every_text_has_the_ids_of_sentencepiece()
    {
        JsonElement cases = Json.Load(Golden.Path("text/tokenize.json")).GetProperty("cases");
        Assert.Empty(cases.EnumerateArray().Where(test => !test.GetProperty("ids").Ids().SequenceEqual(Encode(test.Text("text"))))
            .Select(test => test.Text("id")));
    }

    [Fact]
    public void Every_case_of_llama_cpp_has_its_ids()
    {
        string file = Golden.Data("llama_tokenizer/llama.cpp/ggml-vocab-llama-spm.gguf.inp");
        string[] texts = File.ReadAllText(file).Split("\n__ggml_vocab_test__\n")[..^1];
        string[] lines = File.ReadAllText(Path.ChangeExtension(file, "out")).Split('\n')[..^1];
        Assert.Equal(46, texts.Length);
        Assert.Equal(46, lines.Length);
        for (int i = 0; i < texts.Length; i++)
        {
            int[] expected = [.. lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
            Assert.True(expected.SequenceEqual(Encode(texts[i])), $"case {i}: {texts[i]}");
        }
    }

    [Fact]
    public void A_lone_surrogate_is_the_replacement_character()
        => Assert.Equal(Encode("a\uFFFDb\uFFFD"), Encode("a\uD83Db\uDE00"));

    [Fact]
    public void A_word_of_a_million_characters_takes_linear_time()
    {
        string text = string.Concat(Enumerable.Repeat("abcdefghij", 100_000));
        var watch = Stopwatch.StartNew();
        int[] ids = Encode(text);
        Assert.InRange(ids.Length, 100_000, 1_000_000);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
    }
}
