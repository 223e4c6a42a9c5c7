using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Edge.Trace;

/// <summary>The prompt ids of a first question about files.</summary>
internal static class TracePrompt
{
    public static PromptRows Rows(Assistant assistant, IReadOnlyList<PixelValues> visuals, string question)
    {
        VideoLlavaConfig config = assistant.Model.Config;
        VisualShape[] shapes = [.. visuals.Select(pixels => VisualShape.Of(config, pixels))];
        string prompt = PromptIds.DefaultTemplate(config, assistant.Tokenizer).Render(
            [new ChatMessage(ChatRole.User, PromptIds.Mark(config, shapes, question)), new ChatMessage(ChatRole.Assistant, null)]);
        return new PromptRows([PromptIds.Encode(config, assistant.Tokenizer, prompt, shapes)], [0]);
    }
}
