using EdgeVideoLlava.Runtime.Text.Vocabularies;

namespace EdgeVideoLlava.Runtime.Text;

/// <summary>Which id rules a checkpoint's files ask for.</summary>
internal static class TokenizerModes
{
    /// <summary>The mode and the reason for it, in words.</summary>
    /// <remarks>
    /// Where tokenizer.json exists its normalizer and pre_tokenizer decide. Without it the legacy switch of tokenizer_config.json does;
    /// where that is absent, the reference's default: true in transformers 4.31, which ran the original layout.
    /// </remarks>
    public static (TokenizerMode Mode, string Reason) Choose(TokenizerFiles files)
    {
        if (files.Tokenizer != null) return FromTokenizerJson(files);
        bool? legacy = files.Flag("legacy");
        if (files.AddedTokens.ContainsKey("<video>"))
        {
            return legacy == true ? (TokenizerMode.Legacy431, "tokenizer_config.json says legacy: true")
                : (TokenizerMode.NonLegacyFast, "-hf tokens, no tokenizer.json, no legacy: true");
        }
        if (!files.HasConfig) return (TokenizerMode.NonLegacy431, "no tokenizer_config.json");
        return legacy switch
        {
            false => (TokenizerMode.NonLegacy431, "tokenizer_config.json says legacy: false"),
            true => (TokenizerMode.Legacy431, "tokenizer_config.json says legacy: true"),
            null => (TokenizerMode.Legacy431, "tokenizer_config.json does not name legacy, whose default is true"),
        };
    }

    public static string Describe(TokenizerMode mode) => mode switch
    {
        TokenizerMode.Legacy431 => "legacy ids: blank mark before every stretch of text",
        TokenizerMode.NonLegacy431 => "ids of transformers 4.31, legacy: false",
        TokenizerMode.NonLegacy444 => "ids of transformers 4.44, legacy: false",
        TokenizerMode.NonLegacyFast => "ids of tokenizer.json: blank mark at the start only",
        TokenizerMode.LegacyFast => "ids of tokenizer.json: blank mark before every stretch of text without a blank",
        _ => mode.ToString(),
    };

    private static (TokenizerMode, string) FromTokenizerJson(TokenizerFiles files)
    {
        (string normalizer, string preTokenizer) = (files.Describe("normalizer"), files.Describe("pre_tokenizer"));
        string reason = $"tokenizer.json: normalizer {normalizer}, pre-tokenizer {preTokenizer}";
        return (normalizer, preTokenizer) switch
        {
            ("Sequence(Prepend, Replace)", "none") => (TokenizerMode.Legacy431, reason),
            ("none", "Metaspace first" or "none") => (TokenizerMode.NonLegacyFast, reason),
            ("none", "Metaspace always") => (TokenizerMode.LegacyFast, reason),
            _ => throw new BadInputException($"{files.PathOf("tokenizer.json")}: "
                + $"normalizer {normalizer} with pre-tokenizer {preTokenizer} is not known; choose a tokenizer mode by name"),
        };
    }
}
