namespace EdgeVideoLlava.Runtime.Text.Vocabularies;

/// <summary>Which reference's ids a Llama tokenizer gives. The modes differ only at the start of a text and after
/// special tokens such as &lt;/s&gt;.</summary>
/// <remarks>
/// Ids of "&lt;/s&gt;USER" in the Llama vocabulary, and what is special at the start of a text:
/// <code>
/// Legacy431       2 3148 1001   every stretch of text gets the blank mark in front
/// NonLegacy431    2 3308 1001   as above, but the mark is cut off the first piece after a special token
/// NonLegacy444    2 11889       the mark only at the start of the text
/// NonLegacyFast   2 11889       the same, and none where the text itself starts with a blank
/// LegacyFast      2 3148 1001   every stretch gets the mark unless it starts with a blank
/// NoPrefix        2 11889       none ever
/// </code>
/// </remarks>
public enum TokenizerMode
{
    /// <summary>transformers 4.31 with legacy=True, and a tokenizer.json with the normalizer Prepend + Replace used as it is.</summary>
    Legacy431,

    /// <summary>transformers 4.31, slow, legacy=False: what the original Video-LLaVA was trained with.</summary>
    NonLegacy431,

    /// <summary>transformers 4.44, slow, legacy=False.</summary>
    NonLegacy444,

    /// <summary>tokenizer.json with the pre-tokenizer Metaspace "first"; transformers 5 with legacy=False.</summary>
    NonLegacyFast,

    /// <summary>tokenizer.json with the pre-tokenizer Metaspace "always"; transformers 5 with legacy=True.</summary>
    LegacyFast,

    /// <summary>A GGUF file whose tokenizer.ggml.add_space_prefix is false: no mark is ever put in front.</summary>
    NoPrefix,
}
