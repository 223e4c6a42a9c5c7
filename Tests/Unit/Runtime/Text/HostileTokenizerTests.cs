using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.SentencePiece;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

/// <summary>Files a stranger may send: each is read, or refused in one line that names the file.</summary>
public sealed class HostileTokenizerTests
{
    private static byte[] Good => File.ReadAllBytes(Golden.Path("original-tiny/checkpoint/tokenizer.model"));

    private static string Refusal(Action act)
    {
        string message = Assert.Throws<BadInputException>(act).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    /// <summary>Reads and uses a model; any exception but the one for bad input fails the test.</summary>
    private static bool IsRefused(byte[] bytes)
    {
        try
        {
            TextTokenizer tokenizer = TextTokenizer.FromSentencePiece(SentencePieceModel.Parse(bytes, "m"), TokenizerMode.NonLegacy431);
            tokenizer.Decode(tokenizer.Encode("A man </s>waves; 2 dogs\n\u4F60 \uD83D\uDE00"));
            return false;
        }
        catch (BadInputException)
        {
            return true;
        }
    }

    [Fact]
    public void A_model_cut_anywhere_is_refused()
    {
        byte[] good = Good;
        Assert.False(IsRefused(good));
        for (int length = 0; length < good.Length; length++)
        {
            if (!IsRefused(good[..length])) Assert.Fail($"cut to {length} of {good.Length} bytes it was accepted");
        }
    }

    [Fact]
    public void Flipped_bytes_never_end_in_another_exception()
    {
        byte[] good = Good;
        var random = new Random(17);
        int refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] bytes = [.. good];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(round % 2 == 0 ? 4000 : bytes.Length)] ^= (byte)random.Next(1, 256);
            if (IsRefused(bytes)) refused++;
        }
        Assert.InRange(refused, 300, 3000);
    }

    [Fact]
    public void Garbage_is_refused()
    {
        var random = new Random(18);
        for (int round = 0; round < 2000; round++)
        {
            var bytes = new byte[random.Next(0, 200)];
            random.NextBytes(bytes);
            Assert.True(IsRefused(bytes));
        }
    }

    [Fact]
    public void A_length_beyond_the_file_is_refused_before_anything_is_allocated()
        => Assert.Contains("where 0 are left", Refusal(() => SentencePieceModel.Parse([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "m")));

    [Fact]
    public void A_unigram_model_is_refused_by_its_kind()
    {
        string message = Refusal(() => SentencePieceModel.Load(Golden.Data("llama_tokenizer/sentencepiece/test_model.model")));
        Assert.Contains("test_model.model", message);
        Assert.Contains("unigram", message);
    }

    [Fact]
    public void A_missing_vocabulary_is_named_with_its_place()
    {
        using var folder = new ScratchFolder();
        Assert.Contains(Path.Combine(folder.Path, "tokenizer.model"), Refusal(() => TextTokenizer.Load(folder.Path)));
        Assert.Contains("no such folder", Refusal(() => TextTokenizer.Load(Path.Combine(folder.Path, "nowhere"))));
        folder.Write("tokenizer.model", "");
        Assert.Contains("empty", Refusal(() => TextTokenizer.Load(folder.Path)));
    }

    [Theory]
    [InlineData("tokenizer_config.json", "{")]
    [InlineData("tokenizer_config.json", "[]")]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": { "x": { "content": "<a>" } } }""")]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": { "5": { } } }""")]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": [] }""")]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": { "700": { "content": "<s>" } } }""")]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": { "-5": { "content": "<a>" } } }""")]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": { "700": { "content": "<a>" }, "0700": { "content": "<b>" } } }""")]
    [InlineData("added_tokens.json", """{ "<image>": "600" }""")]
    [InlineData("added_tokens.json", """{ "<image>": 1e99 }""")]
    [InlineData("added_tokens.json", """{ "": 600 }""")]
    [InlineData("tokenizer.json", """{ "added_tokens": {} }""")]
    [InlineData("tokenizer.json", """{ "added_tokens": [1] }""")]
    [InlineData("tokenizer.json", """{ "added_tokens": [{ "content": 5, "id": 1 }] }""")]
    [InlineData("tokenizer.json", """{ "added_tokens": [{ "content": "<a>", "id": 600, "single_word": true }] }""")]
    [InlineData("tokenizer.json", """{ "normalizer": { "type": "NFKC" }, "pre_tokenizer": null }""")]
    [InlineData("tokenizer.json", "nonsense")]
    public void A_json_file_out_of_form_is_refused(string name, string content)
    {
        using var folder = new ScratchFolder();
        folder.Write("tokenizer.model", Good);
        folder.Write(name, content);
        Assert.Contains(folder.Path, Refusal(() => TextTokenizer.Load(folder.Path)));
    }

    [Fact]
    public void Added_tokens_take_the_blanks_beside_them_where_the_file_says_so()
    {
        using var folder = new ScratchFolder();
        folder.Write("tokenizer.model", Good);
        folder.Write("tokenizer.json",
            """{ "added_tokens": [{ "content": "<a>", "id": 600, "lstrip": true, "rstrip": true }, { "content": "<a>b", "id": 601 }] }""");
        TextTokenizer tokenizer = TextTokenizer.Load(folder.Path);
        Assert.Equal([.. tokenizer.Encode("x", addBos: false), 600, 601, 601], tokenizer.Encode("x <a> \n<a>b<a>b", addBos: false));
    }
}
