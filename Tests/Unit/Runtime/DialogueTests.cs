using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>
/// What a conversation asks its model: the whole prompt of every turn is spelled here, and a generator that gets it at once gives the same
/// ids. The weights are random, so that another prompt has other ids.
/// </summary>
public sealed class DialogueTests : IDisposable
{
    private const string Rules = "A chat between a curious human and an artificial intelligence assistant. "
        + "The assistant gives helpful, detailed, and polite answers to the human's questions. ";

    private const string ClipTags = "<image><image><image><image><image><image><image><image>";

    private static readonly GenerationOptions Short = new() { MaxTokens = 8 };

    private readonly CpuDevice device = new(2);

    public void Dispose() => device.Dispose();

    [Fact]
    public void Original_visuals_stand_before_the_question_they_are_shown_with_in_their_order()
    {
        using Assistant assistant = Load("original-tiny");
        using VisionTokens a = See(assistant, "image_a"), b = See(assistant, "image_b"), clip = See(assistant, "video_a");
        using Conversation conversation = assistant.Start();
        conversation.Show(a);
        conversation.Show(b);
        Answer first = conversation.Ask("What is it?", Short);
        string prompt = Rules + "USER: <image><image>\nWhat is it? ASSISTANT:";
        Assert.Equal(AtOnce(assistant, prompt, a, b), first.Ids);
        Answer second = conversation.Ask("Why?", Short);
        prompt += $" {first.Text}</s>USER: Why? ASSISTANT:";
        Assert.Equal(AtOnce(assistant, prompt, a, b), second.Ids);
        conversation.Show(clip);
        Answer third = conversation.Ask("And this?", Short);
        prompt += $" {second.Text}</s>USER: {ClipTags}\nAnd this? ASSISTANT:";
        Assert.Equal(AtOnce(assistant, prompt, a, b, clip), third.Ids);
        Assert.Equal(3, conversation.Turns);
    }

    [Fact]
    public void Hf_clips_and_pictures_have_tags_of_their_own()
    {
        using Assistant assistant = Load("hf-tiny");
        using VisionTokens picture = See(assistant, "image_a"), clip = See(assistant, "video_a");
        using Conversation conversation = assistant.Start();
        conversation.Show(clip);
        conversation.Show(picture);
        Answer first = conversation.Ask("What is it?", Short);
        string prompt = "USER: <video>\n<image>\nWhat is it? ASSISTANT:";
        Assert.Equal(AtOnce(assistant, prompt, clip, picture), first.Ids);
        Answer second = conversation.Ask("Why?", Short);
        Assert.Equal(AtOnce(assistant, $"{prompt} {first.Text} USER: Why? ASSISTANT:", clip, picture), second.Ids);
    }

    [Fact]
    public void A_reset_forgets_words_and_visuals_those_not_asked_about_too()
    {
        using Assistant assistant = Load("original-tiny");
        VisionTokens asked = See(assistant, "image_a"), unasked = See(assistant, "image_b");
        using VisionTokens clip = See(assistant, "video_a");
        using Conversation conversation = assistant.Start();
        conversation.Show(asked);
        conversation.Ask("What is it?", Short);
        conversation.Show(unasked);
        conversation.Reset();
        Assert.Equal(0, conversation.Turns);
        Assert.Throws<ObjectDisposedException>(() => asked.Rows);
        Assert.Throws<ObjectDisposedException>(() => unasked.Rows);
        conversation.Show(clip);
        Assert.Equal(AtOnce(assistant, $"{Rules}USER: {ClipTags}\nWhy? ASSISTANT:", clip), conversation.Ask("Why?", Short).Ids);
    }

    [Fact]
    public void The_template_of_the_start_and_the_options_of_the_question_are_those_used()
    {
        using Assistant assistant = Load("original-tiny");
        using Conversation conversation = assistant.Start(PromptTemplate.Get("llava_v0"));
        Answer answer = conversation.Ask("Why?", new GenerationOptions { MaxTokens = 3 });
        Assert.Equal(AtOnce(assistant, $"{Rules.TrimEnd()}###Human: Why?###Assistant:")[..3], answer.Ids);
        Assert.Equal(StopReason.MaxTokens, answer.Stop);
    }

    private Assistant Load(string flavour) => Assistant.Load(Golden.Path($"{flavour}/checkpoint"), device);

    private static VisionTokens See(Assistant assistant, string name) => assistant.Model.Encode(TinyModel.Pixels(name));

    /// <summary>The ids that follow a text with its visuals, from an empty cache.</summary>
    private static int[] AtOnce(Assistant assistant, string text, params VisionTokens[] visuals)
    {
        VideoLlavaConfig config = assistant.Model.Config;
        int vocabulary = config.Language.Vocabulary;
        using var generator = new Generator(assistant.Model, assistant.Tokenizer);
        MergedPrompt prompt = config.Variant == ModelVariant.Original
            ? MergedPrompt.FromMarkers(assistant.Tokenizer.EncodeWithVisualMarkers(text), visuals, vocabulary)
            : Placeholders(config.ImageTokenId!.Value, config.VideoTokenId!.Value);
        return [.. generator.Run(prompt, Short, null).Ids];

        MergedPrompt Placeholders(int picture, int clip)
        {
            int Rows(int id) => id == picture ? 16 : id == clip ? 8 * 17 : 1;
            int[] ids = [.. assistant.Tokenizer.Encode(text).SelectMany(id => Enumerable.Repeat(id, Rows(id)))];
            return MergedPrompt.FromPlaceholders(ids, visuals, picture, clip, vocabulary);
        }
    }
}
