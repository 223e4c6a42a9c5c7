namespace EdgeVideoLlava.Runtime.Weights.Gguf;

/// <summary>Our own keys of a language model's file: what a Video-LLaVA is, beyond what llama.cpp's keys can say. docs/formats.md says
/// what each means.</summary>
internal static class EdgeKeys
{
    public const string Naming = "edge.source_naming", Temporal = "edge.temporal_attention", Activation = "edge.vision.activation",
        Preprocessing = "edge.preprocessing", VocabularyRows = "edge.vocabulary_rows", ClipFrames = "edge.clip_frames",
        ImageToken = "edge.image_token_id", VideoToken = "edge.video_token_id", ExpandedLimit = "edge.expanded_limit";

    public const string TokenizerMode = "edge.tokenizer.mode", FusedDecoding = "edge.tokenizer.fused_decoding",
        AddedTokens = "edge.tokenizer.added_tokens", AddedIds = "edge.tokenizer.added_ids", AddedStrips = "edge.tokenizer.added_strips";

    /// <summary>Values of <see cref="Preprocessing"/>.</summary>
    public const string Original = "original", OriginalPad = "original-pad", Hf = "hf";

    /// <summary>Sets of <see cref="AddedStrips"/>: blanks before a token are dropped, blanks after it.</summary>
    public const int StripLeft = 1, StripRight = 2;

    /// <summary>The value of a key that names one of an enum's members.</summary>
    /// <exception cref="BadInputException">It names none.</exception>
    public static TEnum? Member<TEnum>(this GgufKeys keys, string key) where TEnum : struct, Enum
    {
        if (keys.Text(key) is not { } text) return null;
        foreach (TEnum member in Enum.GetValues<TEnum>())
        {
            if (Word(member) == text) return member;
        }
        throw keys.Unsupported(key, string.Join(", ", Enum.GetValues<TEnum>().Select(Word)));
    }

    /// <summary>How a member is written: its letters in lower case.</summary>
    public static string Word<TEnum>(TEnum member) where TEnum : struct, Enum => member.ToString().ToLowerInvariant();
}
