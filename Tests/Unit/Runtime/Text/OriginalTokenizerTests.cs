using System.Text.Json;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

public sealed class OriginalTokenizerTests
{
    private static IEnumerable<JsonElement> Cases
        => Directory.GetFiles(Golden.Shared == null ? Golden.Path("original-tiny/cases")
        : Path.Combine(Golden.Shared, "golden/original-tiny/cases"), "*.json").Select(Json.Load);

    [Fact]
    public void Every_case_of_the_tiny_model_starts_from_our_prompt_and_ids()
    {
        TextTokenizer tokenizer = TextTokenizer.Load(Golden.Path("original-tiny/checkpoint"));
        int cases = 0;
        foreach (JsonElement test in Cases.Where(test => test.TryGetProperty("turns", out _)))
        {
            PromptTemplate template = PromptTemplate.Get(test.Text("template"));
            IEnumerable<ChatMessage> turns = test.GetProperty("turns").Texts()
                .Select((text, i) => new ChatMessage((ChatRole)(i % 2), text));
            string prompt = template.Render([.. turns, new ChatMessage(ChatRole.Assistant, null)]);
            Assert.Equal(test.Text("prompt"), prompt);
            Assert.Equal(test.GetProperty("input_ids").Ids(), tokenizer.EncodeWithVisualMarkers(prompt));
            if (test.TryGetProperty("stop_string", out JsonElement stop)) Assert.Equal(stop.GetString(), template.StopString);
            cases++;
        }
        Assert.True(cases >= 4, $"{cases} cases");
    }

    [Fact]
    public void Every_greedy_answer_reads_as_in_the_reference()
    {
        TextTokenizer tokenizer = TextTokenizer.Load(Golden.Path("original-tiny/checkpoint"));
        JsonElement[] answers = [.. Cases.Where(test => test.TryGetProperty("greedy", out _)).Select(test => test.GetProperty("greedy"))];
        Assert.True(answers.Length >= 4, $"{answers.Length} answers");
        Assert.All(answers, answer => Assert.Equal(answer.Text("text"), Blanks.Trim(tokenizer.Decode(answer.GetProperty("ids").Ids()))));
    }

    [Fact]
    public void Every_answer_of_the_shapes_model_is_its_ids_and_back()
    {
        TextTokenizer tokenizer = TextTokenizer.Load(Path.Combine(Golden.Repository, "Samples", "ShapesWorld", "model"));
        JsonElement[] answers = [.. Json.Load(Golden.Path("shapes-trained/cases.json")).GetProperty("cases").EnumerateArray()
            .SelectMany(test => test.GetProperty("dialogue").EnumerateArray())];
        Assert.True(answers.Length > 50, $"{answers.Length} answers");
        Assert.All(answers, answer =>
        {
            int[] ids = answer.GetProperty("answer_ids").Ids();
            Assert.Equal(answer.Text("answer"), Blanks.Trim(tokenizer.Decode(ids)));
            Assert.Equal(ids, tokenizer.Encode(answer.Text("answer"), addBos: false).Append(tokenizer.EosId));
        });
    }

    [Fact]
    public void A_picture_gives_one_tag_and_a_clip_eight()
    {
        const string Tag = TextTokenizer.ImageTag;
        Assert.Equal("<image>\nWhy?", VisualMarkers.Original([VisualKind.Picture], 8, "Why?"));
        Assert.Equal(Tag + Tag + Tag + Tag + Tag + Tag + Tag + Tag + "\nWhy?", VisualMarkers.Original([VisualKind.Clip], 8, "Why?"));
        Assert.Equal(Tag + Tag + Tag + Tag + "\nWhy?", VisualMarkers.Original([VisualKind.Clip], 4, "Why?"));
        Assert.Equal("Why?", VisualMarkers.Original([], 8, "Why?"));
        Assert.Equal(9, VisualMarkers.Original([VisualKind.Clip, VisualKind.Picture], 8, "Why?").Split(Tag).Length - 1);
        Assert.Equal("<video>\n<image>\nWhy?", VisualMarkers.Hf([VisualKind.Clip, VisualKind.Picture], "Why?"));
    }

    [Theory]
    [InlineData("""{ "legacy": false }""", "4.31, legacy: false")]
    [InlineData("""{ "legacy": true }""", "legacy ids")]
    [InlineData("""{ }""", "legacy ids")]
    [InlineData(null, "4.31, legacy: false")]
    public void The_legacy_switch_of_the_checkpoint_decides(string? config, string expected)
    {
        using var folder = new ScratchFolder();
        folder.Copy(Golden.Path("original-tiny/checkpoint/tokenizer.model"), "tokenizer.model");
        if (config != null) folder.Write("tokenizer_config.json", config);
        TextTokenizer tokenizer = TextTokenizer.Load(folder.Path);
        Assert.Contains(expected, tokenizer.ModeDescription);
        Assert.Equal((1, 2, 0, 600), (tokenizer.BosId, tokenizer.EosId, tokenizer.UnkId, tokenizer.FirstUnsampledId));
        Assert.Null(tokenizer.ImageTokenId);
    }

    [Fact]
    public void The_system_prompt_has_35_ids_and_text_after_a_picture_begins_with_the_blank_mark()
    {
        TextTokenizer tokenizer = LlamaVocabulary.Tokenizer(TokenizerMode.NonLegacy431);
        int[] ids = tokenizer.EncodeWithVisualMarkers(PromptTemplate.Get("v1")
            .Render([new(ChatRole.User, "<image>\nWhy?"), new(ChatRole.Assistant, null)]));
        Assert.Equal([29871, MergedPrompt.VisualMarker, 29871, 13, 11008], ids[34..39]);
        Assert.Equal([319, 1799, 9047, 13566, 29901, 450], tokenizer.Encode("ASSISTANT: The", addBos: false));
    }
}
