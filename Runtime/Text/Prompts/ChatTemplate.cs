using EdgeVideoLlava.Runtime.Text.Jinja;

namespace EdgeVideoLlava.Runtime.Text.Prompts;

/// <summary>A chat template that a model's files bring, written in Jinja.</summary>
/// <remarks>What it is given is as in huggingface/transformers, apply_chat_template: messages, add_generation_prompt, the tokens'
/// texts.</remarks>
internal sealed class ChatTemplate
{
    private const int ShownLength = 2000;

    private static readonly Setting Raw = new("PromptTemplate", "raw");

    private readonly string source, bos, eos;
    private readonly JinjaTemplate template;

    /// <exception cref="BadInputException">It cannot be read; the message shows it.</exception>
    public ChatTemplate(string source, string bos, string eos)
    {
        (this.source, this.bos, this.eos) = (source, bos, eos);
        try
        {
            template = new JinjaTemplate(source);
        }
        catch (JinjaException e)
        {
            throw Wrong(e);
        }
    }

    /// <param name="turns">An empty last one of the assistant is to be filled by the model.</param>
    /// <exception cref="BadInputException">It asks for something that there is not, or refuses this dialogue.</exception>
    public string Render(string? system, IReadOnlyList<ChatMessage> turns)
    {
        bool isOpen = turns.Count > 0 && turns[^1].Role == ChatRole.Assistant && string.IsNullOrEmpty(turns[^1].Text);
        List<object?> messages = system == null ? [] : [Message("system", system)];
        foreach (ChatMessage turn in isOpen ? turns.SkipLast(1) : turns)
            messages.Add(Message(turn.Role == ChatRole.User ? "user" : "assistant", turn.Text ?? ""));
        try
        {
            return template.Render(new Dictionary<string, object?>
            {
                ["messages"] = messages,
                ["add_generation_prompt"] = isOpen,
                ["bos_token"] = bos,
                ["eos_token"] = eos,
                ["tools"] = null,
                ["documents"] = null,
            });
        }
        catch (JinjaException e)
        {
            throw Wrong(e);
        }
    }

    private static Dictionary<string, object?> Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private BadInputException Wrong(JinjaException e)
    {
        string shown = source.ReplaceLineEndings("\\n");
        if (shown.Length > ShownLength) shown = shown[..ShownLength] + "...";
        return new BadInputException(
            $"the model's chat template cannot be rendered: {e.Message}; choose another ({Raw.Words}); it is: {shown}", e)
        {
            Remedies = [Raw],
        };
    }
}
