namespace EdgeVideoLlava.Runtime.Text.ByteLevel;

/// <summary>How a byte-level tokenizer cuts a text into words before it merges.</summary>
internal enum ByteLevelPattern
{
    /// <summary>GPT-2's words: letters, digits or signs, each with a blank in front.</summary>
    Gpt2,

    /// <summary>The same with every digit alone (SmolLM).</summary>
    SmolLm,

    /// <summary>Llama 3's: numbers in threes, line breaks with the signs before them; a word that is a piece is taken whole.</summary>
    Llama3,

    /// <summary>llama.cpp's own for files that name none: signs apart, then GPT-2's words, then digits in threes.</summary>
    LlamaCppDefault,
}
