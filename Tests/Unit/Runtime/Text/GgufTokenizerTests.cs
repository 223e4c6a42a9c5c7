using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.ByteLevel;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

public sealed class GgufTokenizerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>llama.cpp's own test of this vocabulary.</summary>
    [Fact]
    public void The_Llama_vocabulary_gives_llama_cpp_s_ids()
    {
        string path = Golden.Data("llama_tokenizer/llama.cpp/ggml-vocab-llama-spm.gguf");
        TextTokenizer tokenizer = TextTokenizer.Load(path);
        string[] texts = File.ReadAllText(path + ".inp").Split("\n__ggml_vocab_test__\n")[..^1];
        string[] ids = File.ReadAllText(path + ".out").Split('\n');
        Assert.Equal(46, texts.Length);
        Assert.All(texts.Zip(ids), test => Assert.Equal(
            test.Second.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse), tokenizer.Encode(test.First, addBos: false)));
        Assert.Equal((1, 2, 0), (tokenizer.BosId, tokenizer.EosId, tokenizer.UnkId));
        Assert.Equal(1, tokenizer.Encode("x")[0]);
    }

    /// <summary>Words as the pre-tokenizers' patterns cut them (ggml-org/llama.cpp, src/llama-vocab.cpp): the vocabulary would merge any stretch
    /// of the text, so that only the cuts keep pieces apart.</summary>
    [Theory]
    [InlineData("gpt-2", "I'm 1234 ok?!\n\n x", "I|'m| 1234| ok|?!|\n\n| x")]
    [InlineData("smollm", "I'm 1234 ok?!\n\n x", "I|'m| |1|2|3|4| ok|?!|\n\n| x")]
    [InlineData("llama-bpe", "I'm 1234 ok?!\n\n x", "I|'m| |123|4| ok|?!\n\n| x")]
    [InlineData("llama-bpe", "WE'LL _go", "WE|'LL| _|go")]
    [InlineData("default", "I'm 1234 ok?!\n\n x", "I|'|m| |123|4| ok|?!|\n\n| x")]
    [InlineData("default", "a+b=12345", "a|+|b|=|123|45")]
    public void Words_are_cut_by_the_file_s_pre_tokenizer(string pre, string text, string expected)
    {
        TextTokenizer tokenizer = Load(keys => keys["tokenizer.ggml.pre"] = pre, text);
        string[] got = [.. tokenizer.Encode(text).Select(id => tokenizer.Decode([id], skipSpecial: false))];
        Assert.Equal(expected, string.Join('|', got));
    }

    /// <summary>Llama 3 takes a word that is a piece as it is, also where no merges lead to it.</summary>
    [Theory, InlineData("llama-bpe", 1), InlineData("gpt-2", 5)]
    public void A_whole_word_is_looked_up_first(string pre, int count)
        => Assert.Equal(count, Load(keys =>
        {
            keys["tokenizer.ggml.pre"] = pre;
            keys["tokenizer.ggml.merges"] = Array.Empty<string>();
        }, "hello").Encode("hello").Length);

    [Fact]
    public void Added_tokens_are_found_and_shown_and_control_tokens_are_hidden()
    {
        TextTokenizer tokenizer = Load(keys =>
        {
            keys["tokenizer.ggml.tokens"] = ((string[])keys["tokenizer.ggml.tokens"]).Append("<extra>").Append("<gone>").ToArray();
            keys["tokenizer.ggml.token_type"] = ((int[])keys["tokenizer.ggml.token_type"]).Append(4).Append(5).ToArray();
        });
        int[] ids = tokenizer.Encode("a<extra><end>b");
        Assert.Equal(4, ids.Length);
        Assert.Equal("a<extra>b", tokenizer.Decode(ids));
        Assert.Equal(6, tokenizer.Encode("<gone>").Length);
    }

    [Theory]
    [InlineData("tokenizer.ggml.pre", "tekken", "tokenizer.ggml.pre is \"tekken\"; supported: default, gpt-2, smollm, llama-bpe")]
    [InlineData("tokenizer.ggml.model", "bert", "tokenizer.ggml.model is \"bert\"; supported: llama, gpt2")]
    [InlineData("tokenizer.ggml.add_eos_token", true, "add_eos_token is true")]
    [InlineData("tokenizer.ggml.eos_token_id", 9999u, "eos_token_id is 9999; a whole number from 0 to")]
    [InlineData("tokenizer.ggml.token_type", null, "token_type is missing")]
    [InlineData("tokenizer.ggml.merges", null, "merges is missing")]
    public void What_would_give_other_ids_is_refused(string key, object? value, string complaint)
        => Assert.Contains(complaint, Assert.Throws<BadInputException>(() => Load(keys =>
        {
            if (value == null) keys.Remove(key);
            else keys[key] = value;
        })).Message);

    [Fact]
    public void A_vocabulary_without_blank_prefix_puts_none_in_front()
    {
        using var file = new EdgeVideoLlava.Runtime.Weights.Gguf.GgufFile(Golden.Path("gguf/tiny_llama/tiny-llama-q8_0.gguf"));
        Dictionary<string, object> keys = GgufWriter.KeysOf(file);
        TextTokenizer with = TextTokenizer.Load(folder.File("a.gguf", GgufWriter.Write(keys, [])));
        keys["tokenizer.ggml.add_space_prefix"] = false;
        TextTokenizer without = TextTokenizer.Load(folder.File("b.gguf", GgufWriter.Write(keys, [])));
        Assert.Equal(with.Encode("the"), without.Encode(" the"));
        Assert.NotEqual(with.Encode("the"), without.Encode("the"));
    }

    /// <summary>A vocabulary of the 256 bytes, of every stretch of a text, which merges build from its left, and an end token.</summary>
    private TextTokenizer Load(Action<Dictionary<string, object>> change, string text = "")
    {
        var pieces = new List<string>(ByteAlphabet.All.Keys.Select(letter => letter.ToString()));
        var merges = new List<string>();
        string letters = ByteAlphabet.Write(text);
        for (int start = 0; start < letters.Length; start++)
        {
            for (int end = start + 2; end <= letters.Length; end++)
            {
                if (pieces.Contains(letters[start..end])) continue;
                pieces.Add(letters[start..end]);
                merges.Add($"{letters[start..(end - 1)]} {letters[end - 1]}");
            }
        }
        var keys = new Dictionary<string, object>
        {
            ["general.architecture"] = "llama",
            ["tokenizer.ggml.model"] = "gpt2",
            ["tokenizer.ggml.pre"] = "gpt-2",
            ["tokenizer.ggml.tokens"] = pieces.Append("<end>").ToArray(),
            ["tokenizer.ggml.token_type"] = pieces.Select(_ => 1).Append(3).ToArray(),
            ["tokenizer.ggml.merges"] = merges.ToArray(),
            ["tokenizer.ggml.eos_token_id"] = (uint)pieces.Count,
            ["tokenizer.ggml.add_bos_token"] = false,
        };
        change(keys);
        return TextTokenizer.Load(folder.File("vocabulary.gguf", GgufWriter.Write(keys, [])));
    }
}
