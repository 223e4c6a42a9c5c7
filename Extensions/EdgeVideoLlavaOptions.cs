using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using PromptTemplate = EdgeVideoLlava.Runtime.Text.Prompts.PromptTemplate;

namespace EdgeVideoLlava.Extensions;

/// <summary>What a host sets once: the model, and what strangers may ask of it.</summary>
public sealed class EdgeVideoLlavaOptions
{
    /// <summary>The checkpoint's folder.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Name of the model in answers, traces and metrics; unset: the folder's.</summary>
    public string? ModelName { get; set; }

    /// <summary>How it is loaded. Its warnings go to the log, and to <see cref="AssistantOptions.Warn"/> too.</summary>
    public AssistantOptions Assistant { get; set; } = new();

    /// <summary>How answers are generated where a request says nothing. A seed is drawn for each request that names none.</summary>
    public GenerationOptions Generation { get; set; } = new();

    /// <summary>How pictures and clips are read; its ceilings hold for each of them.</summary>
    public ShowOptions Show { get; set; } = ShowOptions.Default;

    /// <summary>Form of the prompt; unset: the checkpoint's own.</summary>
    public PromptTemplate? Template { get; set; }

    /// <summary>Dialogues that are answered at once, each with a KV cache of its own; others wait. 1 or more.</summary>
    public int MostAtOnce { get; set; } = 8;

    /// <summary>Most pictures and clips of a dialogue.</summary>
    public int MostVisuals { get; set; } = 8;

    /// <summary>Most bytes of all pictures and clips that a request carries.</summary>
    public long MostContentBytes { get; set; } = 256L << 20;

    /// <summary>Folder whose files a request may name (<c>file:///...</c>); unset: none.</summary>
    public string? LocalFiles { get; set; }

    /// <summary>What becomes of a literal <c>&lt;image&gt;</c> or <c>&lt;video&gt;</c> in a text.</summary>
    public TagHandling Tags { get; set; } = TagHandling.Escape;

    internal string Model => ModelName ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>What is wrong with the options, in one line; null if nothing is.</summary>
    internal string? Complaint()
    {
        if (Folder.Length == 0) return $"{nameof(Folder)} is not set; name the checkpoint's folder";
        if (MostAtOnce < 1) return $"{nameof(MostAtOnce)} = {MostAtOnce}; it may be 1 or more";
        return MostVisuals < 0 || MostContentBytes < 0 ? $"{nameof(MostVisuals)} or {nameof(MostContentBytes)} is negative" : null;
    }
}
