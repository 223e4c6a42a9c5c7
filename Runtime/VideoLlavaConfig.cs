using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime;

/// <summary>The two models that carry the name Video-LLaVA; the checkpoint's tensor names decide.</summary>
public enum ModelVariant
{
    /// <summary>LanguageBind/Video-LLaVA-7B: temporal attention in the video tower, exact GELU, -200 markers, system prompt.</summary>
    Original,

    /// <summary>LanguageBind/Video-LLaVA-7B-hf: no temporal attention, quick GELU by default, image and video placeholder ids.</summary>
    Hf,
}

/// <summary>Everything about a checkpoint that is not a weight, resolved.</summary>
public sealed record VideoLlavaConfig
{
    /// <summary>Which of the two layouts it is.</summary>
    public required ModelVariant Variant { get; init; }

    /// <summary>f_V for pictures.</summary>
    public required VisionConfig ImageTower { get; init; }

    /// <summary>f_V for clips.</summary>
    public required VisionConfig VideoTower { get; init; }

    /// <summary>f_L.</summary>
    public required LlamaConfig Language { get; init; }

    /// <summary>Frames that a clip is sampled to.</summary>
    public required int ClipFrames { get; init; }

    /// <summary>Pictures are padded to a square before they are resized (image_aspect_ratio "pad").</summary>
    public required bool PadPictures { get; init; }

    /// <summary>-hf only: ids of the placeholders.</summary>
    public int? ImageTokenId { get; init; }

    /// <summary>-hf only: the placeholder of clips.</summary>
    public int? VideoTokenId { get; init; }

    /// <summary>Id that ends an answer.</summary>
    public required int EndTokenId { get; init; }

    /// <summary>Cut of the expanded sequence (tokenizer_model_max_length); null = none.</summary>
    public int? ExpandedLimit { get; init; }

    /// <summary>Things that a user should know: assumed head counts, unknown keys.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];
}
