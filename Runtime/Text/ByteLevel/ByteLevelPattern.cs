namespace EdgeVideoLlava.Runtime.Text.ByteLevel;

/// <summary>How a byte-level tokenizer cuts a text into words before it merges.</summary>
internal enum ByteLevelPattern
{
    /// <summary>GPT-2's words: letters, digits or signs, each with a blank in front.</summary>
    Gpt2,

    /// <summary>The same with every digit alone (SmolLM).</summary>
    SmolLm,
}
