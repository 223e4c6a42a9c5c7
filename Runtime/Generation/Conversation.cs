using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>A dialogue about pictures and clips: each is encoded once, each turn prefills only what is new.</summary>
/// <remarks>One thread at a time. The visuals given to it become its own and are disposed with it.</remarks>
public sealed class Conversation : IDisposable
{
    private readonly VideoLlava model;
    private readonly TextTokenizer tokenizer;
    private readonly PromptTemplate template;
    private readonly Generator generator;
    private readonly List<ChatMessage> messages = [];
    private readonly List<VisionTokens> visuals = [];
    private readonly List<VisionTokens> unasked = [];

    /// <param name="template">Null: llava_v1 for the original layout, the plain USER/ASSISTANT form for -hf.</param>
    public Conversation(VideoLlava model, TextTokenizer tokenizer, PromptTemplate? template = null)
    {
        (this.model, this.tokenizer) = (model, tokenizer);
        this.template = template ?? PromptIds.DefaultTemplate(model.Config);
        generator = new Generator(model, tokenizer);
    }

    /// <summary>Questions asked so far.</summary>
    public int Turns => messages.Count / 2;

    /// <summary>Shows a picture or clip with the next question.</summary>
    /// <exception cref="ObjectDisposedException">It has been let go, perhaps by another conversation.</exception>
    public void Show(VisionTokens visual)
    {
        _ = visual.Rows;
        visuals.Add(visual);
        unasked.Add(visual);
    }

    /// <summary>Asks and answers; the turn joins the history unless it fails or is cancelled: then the dialogue stays as it was.</summary>
    /// <exception cref="BadInputException">The dialogue does not fit into the context.</exception>
    public Answer Ask(string question, GenerationOptions? options = null, Action<string>? text = null, CancellationToken cancel = default)
    {
        var ask = new ChatMessage(ChatRole.User, PromptIds.Mark(model.Config, [.. unasked.Select(VisualShape.Of)], question));
        MergedPrompt prompt = Merge(template.Render([.. messages, ask, new ChatMessage(ChatRole.Assistant, null)]));
        Answer answer = generator.Run(prompt, options ?? new GenerationOptions(), template.StopString, text, cancel);
        if (answer.Stop == StopReason.Cancelled) return answer;
        messages.Add(ask);
        messages.Add(new ChatMessage(ChatRole.Assistant, answer.Text));
        unasked.Clear();
        return answer;
    }

    /// <summary>Forgets the dialogue and its pictures, keeps what the next one shares with it (the system prompt) in the cache.</summary>
    public void Reset()
    {
        messages.Clear();
        unasked.Clear();
        foreach (VisionTokens visual in visuals) visual.Dispose();
        visuals.Clear();
    }

    public void Dispose()
    {
        Reset();
        generator.Dispose();
    }

    private MergedPrompt Merge(string prompt)
    {
        VideoLlavaConfig config = model.Config;
        int[] ids = PromptIds.Encode(config, tokenizer, prompt, [.. visuals.Select(VisualShape.Of)]);
        MergedPrompt merged = config.Variant == ModelVariant.Original
            ? MergedPrompt.FromMarkers(ids, visuals, config.Language.Vocabulary)
            : MergedPrompt.FromPlaceholders(ids, visuals, config.ImageTokenId!.Value, config.VideoTokenId!.Value,
                config.Language.Vocabulary);
        if (config.ExpandedLimit is { } limit) merged.Truncate(limit);
        return merged;
    }
}
