using System.Text;
using EdgeVideoLlava.Runtime.Generation;
using Microsoft.Extensions.AI;
using PromptTemplate = EdgeVideoLlava.Runtime.Text.Prompts.PromptTemplate;

namespace EdgeVideoLlava.Extensions;

/// <summary>The messages of a request as turns: each a question, with pictures and clips, and its answer.</summary>
internal sealed class ChatDialogue
{
    private readonly ChatContent content;
    private readonly StringBuilder system = new();
    private readonly List<ChatTurn> turns = [];

    /// <exception cref="NotSupportedException">Roles or contents that the model has no place for.</exception>
    /// <exception cref="BadInputException">Beyond the ceilings, an empty question, or a tag where it is refused.</exception>
    public ChatDialogue(IEnumerable<ChatMessage> messages, string? instructions, EdgeVideoLlavaOptions options)
    {
        content = new ChatContent(options);
        if (instructions != null) AddLine(system, content.Words(instructions));
        foreach (ChatMessage message in messages) Add(message);
        if (turns is not [.., { Answer: null } last])
            throw new NotSupportedException("the last message is not the user's; the model answers questions");
        if (last.Visuals.Count == 0 && string.IsNullOrWhiteSpace(last.Question.ToString()))
            throw new BadInputException("the question is empty; ask or show something");
    }

    public string Question => turns[^1].Question.ToString();

    /// <summary>The form of the prompt, with the system messages in the place of its own.</summary>
    public PromptTemplate Template(PromptTemplate template) => system.Length == 0 ? template : template.WithSystem(system.ToString());

    /// <summary>Tells a new conversation all but the question itself.</summary>
    /// <returns>Notices, one line each.</returns>
    public async Task<IReadOnlyList<string>> TellAsync(Conversation conversation, CancellationToken cancel)
    {
        var notices = new List<string>();
        foreach (ChatTurn turn in turns)
        {
            foreach (AIContent visual in turn.Visuals)
                notices.AddRange((await content.ShowAsync(visual, conversation, cancel).ConfigureAwait(false)).Notices);
            if (turn.Answer != null) conversation.Recall(turn.Question.ToString(), turn.Answer.ToString());
        }
        return notices;
    }

    private void Add(ChatMessage message)
    {
        if (message.Role == ChatRole.User) AddQuestion(message);
        else if (message.Role == ChatRole.Assistant && turns is [.., { } turn]) AddWords(turn.Answer ??= new(), message);
        else if (message.Role == ChatRole.System && turns.Count == 0) AddWords(system, message);
        else throw new NotSupportedException($"a message of the {message.Role.Value} has no place here: system messages come first, "
            + "then the user and the assistant in turn, beginning with the user");
    }

    private void AddQuestion(ChatMessage message)
    {
        if (turns is not [.., { Answer: null }]) turns.Add(new ChatTurn());
        foreach (AIContent part in message.Contents)
        {
            if (part is TextContent text) AddLine(turns[^1].Question, content.Words(text.Text));
            else turns[^1].Visuals.Add(content.Visual(part));
        }
    }

    private void AddWords(StringBuilder words, ChatMessage message)
    {
        foreach (AIContent part in message.Contents)
        {
            if (part is TextContent text) AddLine(words, content.Words(text.Text));
            else if (part is not (UsageContent or TextReasoningContent))
                throw new NotSupportedException($"a {part.GetType().Name} of the {message.Role.Value} has no place here; text has");
        }
    }

    private static void AddLine(StringBuilder text, string line) => text.Append(text.Length == 0 ? "" : "\n").Append(line);

    private sealed class ChatTurn
    {
        public List<AIContent> Visuals { get; } = [];
        public StringBuilder Question { get; } = new();
        public StringBuilder? Answer { get; set; }
    }
}
