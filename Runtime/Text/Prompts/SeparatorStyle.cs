namespace EdgeVideoLlava.Runtime.Text.Prompts;

/// <summary>How a template strings turns together. Names and forms are those of the LLaVA family's conversation templates.</summary>
public enum SeparatorStyle
{
    /// <summary>system + sep, then "role: text" + sep.</summary>
    Single,

    /// <summary>system + sep, then "role: text" + sep, sep2, sep, ... in turn.</summary>
    Two,

    /// <summary>system + sep, then role + text + sep.</summary>
    Mpt,

    /// <summary>Texts alone, each followed by sep.</summary>
    Plain,

    /// <summary>"[INST] ... [/INST] answer", the system prompt inside the first question.</summary>
    Llama2,

    /// <summary>Texts alone, without anything between them.</summary>
    Raw,

    /// <summary>As a chat template of the model's files says.</summary>
    Chat,
}
