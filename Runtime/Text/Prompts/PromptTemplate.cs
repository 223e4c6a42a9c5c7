using System.Text;
using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text.Prompts;

/// <summary>Turns a dialogue into the one text that the model continues.</summary>
/// <remarks>Sources: the conversation templates of the LLaVA family (LLaVA, Video-LLaVA), and the chat form of the -hf port.</remarks>
public sealed partial class PromptTemplate
{
    /// <summary>As options and messages spell it.</summary>
    public string Name { get; }

    /// <summary>Text in front of the dialogue; null where the form has none.</summary>
    public string? System { get; private set; }

    /// <summary>Generation also ends at this text; null where the end-of-text id alone ends an answer.</summary>
    public string? StopString { get; }

    /// <summary>How turns are parted.</summary>
    public SeparatorStyle Style { get; }

    /// <summary>Who speaks, what parts a question from its answer, and what ends an answer; null where turns are not parted so.</summary>
    internal (string User, string Assistant, string Separator, string End)? TwoSeparators
        => Style == SeparatorStyle.Two && !tagsPictures ? (userRole, assistantRole, separator, secondSeparator!) : null;

    private readonly string userRole;
    private readonly string assistantRole;
    private readonly string separator;
    private readonly string? secondSeparator;
    private readonly bool tagsPictures;
    private readonly ChatMessage[] preset;
    private readonly ChatTemplate? chat;

    private PromptTemplate(string name, SeparatorStyle style, string? system, (string User, string Assistant) roles, string separator,
        string? secondSeparator = null, bool tagsPictures = false, ChatMessage[]? preset = null, bool stopsAtText = true)
    {
        (Name, Style, System) = (name, style, system);
        (userRole, assistantRole) = roles;
        (this.separator, this.secondSeparator, this.tagsPictures) = (separator, secondSeparator, tagsPictures);
        this.preset = preset ?? [];
        StopString = stopsAtText ? style == SeparatorStyle.Two ? secondSeparator : separator : null;
    }

    private PromptTemplate(string name, SeparatorStyle style, string? system, ChatTemplate? chat)
        : this(name, style, system, ("", ""), "", stopsAtText: false) => this.chat = chat;

    /// <summary>The template that a model's files bring, else one that adds nothing to what is said.</summary>
    /// <exception cref="BadInputException">The template is more than the Jinja that can be read; the message shows it.</exception>
    public static PromptTemplate Of(TextTokenizer tokenizer) => tokenizer.ChatTemplate == null ? Raw
        : new PromptTemplate("the model's own", SeparatorStyle.Chat, null, new ChatTemplate(tokenizer.ChatTemplate,
            tokenizer.SpecialText(tokenizer.BosId), tokenizer.SpecialText(tokenizer.EosId)));

    /// <summary>The template of this name.</summary>
    /// <exception cref="BadInputException">There is none; the message lists them.</exception>
    public static PromptTemplate Get(string name)
        => All.FirstOrDefault(template => template.Name == name)
            ?? throw new BadInputException(
                $"no prompt template is named {name}; there are {string.Join(", ", All.Select(template => template.Name))}");

    /// <summary>This template with another system prompt, in the place of the one that models were trained with.</summary>
    /// <exception cref="BadInputException">The template has no place for one.</exception>
    public PromptTemplate WithSystem(string system)
    {
        if (Style is SeparatorStyle.Plain or SeparatorStyle.Raw)
            throw new BadInputException($"the prompt template {Name} has no system prompt; choose a dialogue template such as llava_v1");
        var other = (PromptTemplate)MemberwiseClone();
        other.System = Style == SeparatorStyle.Mpt ? MptSystemRole + system : system;
        return other;
    }

    /// <summary>The prompt of a dialogue; end it with an empty assistant message to have the model answer.</summary>
    /// <exception cref="BadInputException">The template cannot hold this dialogue.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages)
    {
        ChatMessage[] turns = PlacePicture([.. preset, .. messages]);
        return Style switch
        {
            SeparatorStyle.Single => RenderTurns(turns, ": "),
            SeparatorStyle.Two => RenderTurns(turns, ": "),
            SeparatorStyle.Mpt => RenderTurns(turns, ""),
            SeparatorStyle.Plain => RenderPlain(turns),
            SeparatorStyle.Raw => string.Concat(turns.Select(turn => turn.Text)),
            SeparatorStyle.Chat => chat!.Render(System, turns),
            _ => RenderLlama2(turns),
        };
    }

    private ChatMessage[] PlacePicture(ChatMessage[] turns)
    {
        if (turns.Length == 0 || !turns[0].PictureApart) return turns;
        string text = Blanks.Trim((turns[0].Text ?? "").Replace(TextTokenizer.ImageTag, ""));
        ChatMessage[] rest = turns[1..];
        return tagsPictures
            ? [new(ChatRole.User, "<Image><image></Image>"), new(ChatRole.Assistant, "Received."), new(turns[0].Role, text), .. rest]
            : [new(turns[0].Role, "<image>\n" + text), .. rest];
    }

    private string RenderTurns(ChatMessage[] turns, string colon)
    {
        StringBuilder prompt = System == null ? new StringBuilder() : new StringBuilder(System).Append(separator);
        for (int i = 0; i < turns.Length; i++)
        {
            prompt.Append(turns[i].Role == ChatRole.User ? userRole : assistantRole);
            if (string.IsNullOrEmpty(turns[i].Text)) prompt.Append(colon.TrimEnd());
            else prompt.Append(colon).Append(turns[i].Text).Append(SeparatorAfter(i));
        }
        return prompt.ToString();
    }

    private string RenderPlain(ChatMessage[] turns)
    {
        var prompt = new StringBuilder(System);
        for (int i = 0; i < turns.Length; i++)
        {
            if (string.IsNullOrEmpty(turns[i].Text)) continue;
            if (i % 2 == 1)
                throw new BadInputException(
                    $"the prompt template {Name} cannot hold an answer; choose a dialogue template such as llava_v1");
            prompt.Append(turns[i].Text).Append(separator);
        }
        return prompt.ToString();
    }

    private string RenderLlama2(ChatMessage[] turns)
    {
        var prompt = new StringBuilder();
        for (int i = 0; i < turns.Length; i++)
        {
            string? text = turns[i].Text;
            if (i == 0 && (string.IsNullOrEmpty(text) || turns[0].Role != ChatRole.User))
                throw new BadInputException($"the prompt template {Name} needs a question first");
            if (string.IsNullOrEmpty(text)) continue;
            if (i == 0) text = $"<<SYS>>\n{System}\n<</SYS>>\n\n{text}";
            if (i % 2 == 0) prompt.Append(separator).Append("[INST] ").Append(text).Append(" [/INST]");
            else prompt.Append(' ').Append(text).Append(' ').Append(secondSeparator);
        }
        // The reference strips the separator's characters, not the separator, from the front.
        return prompt.ToString().TrimStart(separator.ToCharArray());
    }

    private string SeparatorAfter(int turn) => Style == SeparatorStyle.Two && turn % 2 == 1 ? secondSeparator! : separator;
}
