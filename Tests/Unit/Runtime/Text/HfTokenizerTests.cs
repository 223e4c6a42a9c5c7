using System.Text.Json;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

public sealed class HfTokenizerTests
{
    private static string Tiny => Golden.Path("hf-tiny/checkpoint");

    private static IEnumerable<JsonElement> Prompts
        => Json.Load(Golden.Path("hf-tiny/tokenizer/prompts.json")).GetProperty("prompts").EnumerateArray();

    /// <summary>A folder with this vocabulary and, where given, this tokenizer.json and added tokens.</summary>
    private static TextTokenizer Load(string vocabulary, string? tokenizerJson, object? addedTokens = null, TokenizerMode? mode = null)
    {
        using var folder = new ScratchFolder();
        folder.Copy(vocabulary, "tokenizer.model");
        if (tokenizerJson != null) folder.Copy(tokenizerJson, "tokenizer.json");
        if (addedTokens != null) folder.Write("added_tokens.json", JsonSerializer.Serialize(addedTokens));
        return TextTokenizer.Load(folder.Path, mode);
    }

    private static readonly Dictionary<string, int> RealTokens = new() { ["<image>"] = 32000, ["<video>"] = 32001, ["<pad>"] = 32002 };

    private static TextTokenizer Real(TokenizerMode mode) => Load(LlamaVocabulary.File, null, RealTokens, mode);

    [Fact]
    public void The_tiny_checkpoint_encodes_and_decodes_as_the_reference()
    {
        TextTokenizer tokenizer = TextTokenizer.Load(Tiny);
        foreach (JsonElement test in Prompts)
        {
            int[] ids = test.GetProperty("ids").Ids();
            Assert.Equal(ids, tokenizer.Encode(test.Text("text")));
            Assert.Equal(test.Text("decoded"), tokenizer.Decode(ids));
            Assert.Equal(test.Text("decoded_with_special"), tokenizer.Decode(ids, skipSpecial: false));
        }
        Assert.Equal(64, Prompts.Count());
    }

    [Fact]
    public void The_older_tokenizer_json_gives_the_legacy_ids()
    {
        TextTokenizer tokenizer = Load(Path.Combine(Tiny, "tokenizer.model"), Golden.Path("hf-tiny/tokenizer/tokenizer_legacy.json"));
        Assert.Contains("Sequence(Prepend, Replace)", tokenizer.ModeDescription);
        Assert.All(Prompts, test => Assert.Equal(test.GetProperty("ids_legacy").Ids(), tokenizer.Encode(test.Text("text"))));
    }

    [Theory]
    [InlineData(TokenizerMode.NonLegacyFast, "real_vocabulary_ids")]
    [InlineData(TokenizerMode.Legacy431, "real_vocabulary_ids_legacy")]
    public void The_real_vocabulary_gives_the_ids_of_the_reference(TokenizerMode mode, string field)
    {
        TextTokenizer tokenizer = Real(mode);
        Assert.All(Prompts, test => Assert.Equal(test.GetProperty(field).Ids(), tokenizer.Encode(test.Text("text"))));
    }

    [Fact]
    public void Every_sequence_decodes_as_the_reference()
    {
        TextTokenizer tokenizer = TextTokenizer.Load(Tiny);
        JsonElement cases = Json.Load(Golden.Path("hf-tiny/tokenizer/decode.json")).GetProperty("cases");
        Assert.Equal(42, cases.GetArrayLength());
        Assert.All(cases.EnumerateArray(), test =>
        {
            Assert.Equal(test.Text("text"), tokenizer.Decode(test.GetProperty("ids").Ids()));
            Assert.Equal(test.Text("text_with_special"), tokenizer.Decode(test.GetProperty("ids").Ids(), skipSpecial: false));
        });
    }

    [Fact]
    public void Whole_decoding_of_the_real_vocabulary_is_that_of_tokenizer_json()
    {
        using var folder = new ScratchFolder();
        folder.Copy(LlamaVocabulary.File, "tokenizer.model");
        folder.Write("tokenizer.json",
            """{ "added_tokens": [], "normalizer": null, "pre_tokenizer": { "type": "Metaspace", "prepend_scheme": "first" } }""");
        TextTokenizer tokenizer = TextTokenizer.Load(folder.Path);
        JsonElement cases = Json.Load(Golden.Path("text/detokenize.json")).GetProperty("cases");
        Assert.All(cases.EnumerateArray(), test => Assert.Equal(test.Or("v5_skip_special", "decoded").GetString(),
            tokenizer.Decode(test.GetProperty("ids").Ids())));
        Assert.All(cases.EnumerateArray(), test => Assert.Equal(test.Or("v5_keep_special", "decoded").GetString(),
            tokenizer.Decode(test.GetProperty("ids").Ids(), skipSpecial: false)));
    }

    [Theory]
    [InlineData(TokenizerMode.Legacy431, "file")]
    [InlineData(TokenizerMode.NonLegacyFast, "v5_nonlegacy")]
    [InlineData(TokenizerMode.LegacyFast, "v5_legacy")]
    public void Prompts_expand_and_pad_as_in_the_processor(TokenizerMode mode, string variant)
    {
        TextTokenizer tokenizer = Real(mode);
        JsonElement golden = Json.Load(Golden.Path("text/hf_prompts.json"));
        var rows = new List<int[]>();
        foreach (JsonElement test in golden.GetProperty("cases").EnumerateArray())
        {
            JsonElement expected = test.GetProperty("variants").GetProperty(variant);
            int[] ids = tokenizer.Encode(test.Text("prompt"));
            Assert.Equal(expected.GetProperty("ids_unexpanded").Ids(), ids);
            int[] images = [.. Enumerable.Repeat(Count(test, "tokens_per_image"), test.GetProperty("images").GetInt32())];
            int[] videos = [.. Enumerable.Repeat(Count(test, "tokens_per_video"), test.GetProperty("videos").GetInt32())];
            int[] expanded = HfExpansion.Expand(ids, tokenizer.ImageTokenId!.Value, tokenizer.VideoTokenId!.Value, images, videos);
            Assert.Equal(expected.GetProperty("ids").Ids(), expanded);
            Assert.Equal(expected.Text("decoded_skip_special"), tokenizer.Decode(expanded));
            rows.Add(ids);
        }
        JsonElement batch = golden.GetProperty("left_padded_batch_of_all_prompts_unexpanded").EnumerateArray()
            .Single(row => row.Text("variant") == variant);
        int longest = rows.Max(row => row.Length);
        int[] Padding(int[] row, int filler) => [.. Enumerable.Repeat(filler, longest - row.Length)];
        int[][] Rows(string name) => [.. batch.GetProperty(name).EnumerateArray().Select(Json.Ids)];
        Assert.Equal(Rows("input_ids"), rows.Select(row => (int[])[.. Padding(row, tokenizer.PadId!.Value), .. row]));
        Assert.Equal(Rows("attention_mask"), rows.Select(row => (int[])[.. Padding(row, 0), .. row.Select(_ => 1)]));
    }

    private static int Count(JsonElement test, string name)
        => test.GetProperty(name).ValueKind == JsonValueKind.Number ? test.GetProperty(name).GetInt32() : 0;

    [Fact]
    public void Every_case_of_the_tiny_model_starts_from_our_ids()
    {
        TextTokenizer tokenizer = TextTokenizer.Load(Tiny);
        (int rows, int image, int video) = (0, tokenizer.ImageTokenId!.Value, tokenizer.VideoTokenId!.Value);
        foreach (string file in Directory.GetFiles(Golden.Shared == null ? Golden.Path("hf-tiny/cases")
            : Path.Combine(Golden.Shared, "golden/hf-tiny/cases"), "*.json"))
        {
            JsonElement test = Json.Load(file);
            if (!test.TryGetProperty("prompts", out JsonElement prompts)) continue;
            for (int row = 0; row < prompts.GetArrayLength(); row++, rows++)
            {
                int[] Lengths(string kind) => [.. test.GetProperty("visual_spans")[row].EnumerateArray()
                    .Where(span => span.Text("kind") == kind).Select(span => span.GetProperty("length").GetInt32())];
                int[] expected = test.GetProperty("input_ids")[row].Ids()[test.GetProperty("left_padding")[row].GetInt32()..];
                Assert.Equal(expected, HfExpansion.Expand(tokenizer.Encode(prompts[row].GetString()!), image, video, Lengths("image"),
                    Lengths("video")));
                Assert.Equal(test.GetProperty("greedy_text")[row].GetString(), tokenizer.Decode(test.GetProperty("greedy_ids")[row].Ids()));
            }
        }
        Assert.True(rows >= 2);
    }

    [Fact]
    public void Two_turns_in_the_chat_form_are_the_prompt_of_the_reference()
    {
        JsonElement test = Json.Load(Golden.Path("hf-tiny/cases/two_turns.json"));
        ChatMessage[] dialogue =
        [
            new(ChatRole.User, VisualMarkers.Hf([VisualKind.Clip], "What do you see?")), new(ChatRole.Assistant, "I see a man and a dog."),
            new(ChatRole.User, "What colour is the dog?"), new(ChatRole.Assistant, null),
        ];
        Assert.Equal(test.GetProperty("prompts")[0].GetString(), PromptTemplate.Hf.Render(dialogue));
    }

    [Fact]
    public void Markers_that_do_not_match_the_visuals_are_refused()
    {
        Assert.Contains("1 <image> for 2 pictures", Assert.Throws<BadInputException>(()
            => HfExpansion.Expand([1, 7], 7, 8, [4, 4], [])).Message);
        Assert.Contains("1 <video> for 0 clips", Assert.Throws<BadInputException>(() => HfExpansion.Expand([1, 8], 7, 8, [], [])).Message);
        Assert.Throws<BadInputException>(() => HfExpansion.Expand([1, 8], 7, 8, [], [int.MaxValue]));
        Assert.Throws<BadInputException>(() => HfExpansion.Expand([1, 8], 7, 8, [], [0]));
    }
}
