namespace EdgeVideoLlava.Extensions;

/// <summary>What becomes of a text that holds a literal <c>&lt;image&gt;</c> or <c>&lt;video&gt;</c>, which stand for pictures and
/// clips.</summary>
public enum TagHandling
{
    /// <summary>The model reads it as plain words, with a blank in it.</summary>
    Escape,

    /// <summary>The request is refused.</summary>
    Refuse,
}
