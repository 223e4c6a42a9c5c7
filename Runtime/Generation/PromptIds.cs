using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>A dialogue to the ids that a checkpoint's layout wants: -200 markers (original) or expanded placeholders (-hf).</summary>
internal static class PromptIds
{
    /// <summary>llava_v1 for the original layout whatever the folder's name, the plain USER/ASSISTANT form for -hf, what a text model's
    /// files bring.</summary>
    public static PromptTemplate DefaultTemplate(VideoLlavaConfig config, TextTokenizer tokenizer) => config.Variant switch
    {
        ModelVariant.Hf => PromptTemplate.Hf,
        ModelVariant.Text => PromptTemplate.Of(tokenizer),
        _ => PromptTemplate.LlavaV1,
    };

    /// <summary>A question with the tags of the visuals that are shown with it in front.</summary>
    public static string Mark(VideoLlavaConfig config, IReadOnlyList<VisualShape> shown, string question)
    {
        if (shown.Count == 0) return question;
        IEnumerable<VisualKind> kinds = shown.Select(visual => visual.IsClip ? VisualKind.Clip : VisualKind.Picture);
        return config.Variant == ModelVariant.Hf ? VisualMarkers.Hf(kinds, question)
            : VisualMarkers.Original(kinds, config.ClipFrames, question);
    }

    /// <summary>Ids of a rendered prompt.</summary>
    /// <exception cref="BadInputException">-hf: the prompt's tags and the visuals do not match.</exception>
    public static int[] Encode(VideoLlavaConfig config, TextTokenizer tokenizer, string prompt, IReadOnlyList<VisualShape> visuals)
    {
        if (config.Variant == ModelVariant.Text) return tokenizer.EncodePrompt(prompt);
        if (config.Variant == ModelVariant.Original) return tokenizer.EncodeWithVisualMarkers(prompt);
        List<int> Rows(bool clips) => [.. visuals.Where(visual => visual.IsClip == clips).Select(visual => visual.Rows)];
        return HfExpansion.Expand(tokenizer.Encode(prompt), config.ImageTokenId!.Value, config.VideoTokenId!.Value, Rows(clips: false),
            Rows(clips: true));
    }

    /// <summary>A rendered prompt with the rows of its visuals in their places.</summary>
    /// <exception cref="BadInputException">The prompt's tags and the visuals do not match.</exception>
    public static MergedPrompt Merge(VideoLlavaConfig config, TextTokenizer tokenizer, string prompt, IReadOnlyList<VisionTokens> visuals)
    {
        int[] ids = Encode(config, tokenizer, prompt, [.. visuals.Select(VisualShape.Of)]);
        MergedPrompt merged = config.Variant != ModelVariant.Hf ? MergedPrompt.FromMarkers(ids, visuals, config.Language.Vocabulary)
            : MergedPrompt.FromPlaceholders(ids, visuals, config.ImageTokenId!.Value, config.VideoTokenId!.Value,
                config.Language.Vocabulary);
        if (config.ExpandedLimit is { } limit) merged.Truncate(limit);
        return merged;
    }
}
