using System.Text.Json;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Text;

public sealed class PromptTemplateTests
{
    private static JsonElement Goldens => Json.Load(Golden.Path("text/prompts.json"));

    private static ChatMessage[] Dialogue(JsonElement golden, string name)
        => [.. golden.GetProperty("dialogues").EnumerateArray().Single(dialogue => dialogue.Text("name") == name).GetProperty("messages")
        .EnumerateArray()
            .Select(message => new ChatMessage(message.GetProperty("role").GetInt32() == 0 ? ChatRole.User
            : ChatRole.Assistant, message.GetProperty("text").GetString())
            {
                PictureApart = message.TryGetProperty("image_tuple", out JsonElement apart) && apart.GetBoolean(),
            })];

    [Fact]
    public void Every_dialogue_in_every_template_is_the_prompt_of_the_reference()
    {
        JsonElement golden = Goldens;
        int errors = 0, prompts = 0;
        foreach (JsonElement test in golden.GetProperty("cases").EnumerateArray())
        {
            ChatMessage[] dialogue = Dialogue(golden, test.Text("dialogue"));
            PromptTemplate template = PromptTemplate.Get(test.Text("template"));
            if (test.TryGetProperty("error", out _))
            {
                Assert.Throws<BadInputException>(() => template.Render(dialogue));
                errors++;
                continue;
            }
            Assert.Equal(test.Text("prompt"), template.Render(dialogue));
            prompts++;
        }
        Assert.Equal((181, 14), (prompts, errors));
    }

    [Fact]
    public void A_system_prompt_takes_the_place_of_the_models_own()
    {
        ChatMessage[] dialogue = [new(ChatRole.User, "What?"), new(ChatRole.Assistant, null)];
        foreach (PromptTemplate template in PromptTemplate.All)
        {
            if (template.Style == SeparatorStyle.Plain)
            {
                Assert.Throws<BadInputException>(() => template.WithSystem("Be brief."));
                continue;
            }
            string own = template.Render(dialogue), other = template.WithSystem("Be brief.").Render(dialogue);
            bool starts = template.Name == "mpt";
            string expected = template.System == null ? "Be brief. " + own
                : own.Replace(template.System, (starts ? "<|im_start|>system\n" : "") + "Be brief.");
            Assert.Equal(expected, other);
            Assert.Equal(own, template.Render(dialogue)); // itself unchanged
        }
    }

    [Theory]
    [InlineData(TokenizerMode.NonLegacy431, "ids")]
    [InlineData(TokenizerMode.Legacy431, "ids_legacy")]
    public void Every_prompt_has_the_ids_of_the_reference(TokenizerMode mode, string field)
    {
        TextTokenizer tokenizer = LlamaVocabulary.Tokenizer(mode);
        int cases = 0;
        foreach (JsonElement test in Goldens.GetProperty("cases").EnumerateArray().Where(test => test.TryGetProperty("prompt", out _)))
        {
            Assert.True(test.Or(field, "ids").Ids().SequenceEqual(tokenizer.EncodeWithVisualMarkers(test.Text("prompt"))),
                $"{test.Text("template")} {test.Text("dialogue")}");
            cases++;
        }
        Assert.Equal(181, cases);
    }
}
