using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Quantizer.Calibration;

/// <summary>A picture or clip with a question and an answer, as a model reads it.</summary>
internal sealed class MediaPrompt : IDisposable
{
    private readonly VisionTokens tokens;

    private MediaPrompt(VisionTokens tokens, MergedPrompt prompt) => (this.tokens, Prompt) = (tokens, prompt);

    public MergedPrompt Prompt { get; }

    /// <param name="answer">Ids behind the question; the last of them is only foretold.</param>
    public static MediaPrompt Make(Assistant assistant, string path, string question, IReadOnlyList<int> answer, CancellationToken cancel)
    {
        VisionTokens tokens = assistant.See(path, cancel: cancel).Tokens;
        VideoLlavaConfig config = assistant.Config;
        string marked = PromptIds.Mark(config, [VisualShape.Of(tokens)], question);
        string text = PromptIds.DefaultTemplate(config, assistant.Tokenizer)
            .Render([new ChatMessage(ChatRole.User, marked), new ChatMessage(ChatRole.Assistant, null)]);
        MergedPrompt prompt = PromptIds.Merge(config, assistant.Tokenizer, text, [tokens]);
        foreach (int id in answer.SkipLast(1)) prompt.Append(id);
        return new MediaPrompt(tokens, prompt);
    }

    /// <summary>What the model itself answers, greedily.</summary>
    public static IReadOnlyList<int> Answer(Assistant assistant, string path, string question, int most, CancellationToken cancel)
    {
        using Conversation conversation = assistant.Start();
        conversation.Show(assistant.See(path, cancel: cancel).Tokens);
        return conversation.Ask(question, new GenerationOptions { MaxTokens = most }, cancel: cancel).Ids;
    }

    public void Dispose() => tokens.Dispose();
}
