namespace EdgeVideoLlava;

/// <summary>An error that tells the caller in one line what is wrong, where, and what to do about it.</summary>
/// <remarks>
/// The message speaks of settings of this library and of native libraries by name. A program tells its users how they set or install them:
/// <see cref="Remedies"/> are the places of the message that it puts in its own words.
/// </remarks>
public abstract class EdgeException(string message, Exception? inner) : Exception(message, inner)
{
    /// <summary>What the message proposes; each stands in it with its <see cref="Remedy.Words"/>.</summary>
    public IReadOnlyList<Remedy> Remedies { get; init; } = [];
}
