namespace EdgeVideoLlava.Runtime.Text.Prompts;

/// <summary>Who says something in a dialogue.</summary>
public enum ChatRole
{
    /// <summary>Who asks.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,
}

/// <summary>One turn of a dialogue.</summary>
/// <param name="Text">What is said, visual markers included; null or "" is the open slot that the model is to fill.</param>
public sealed record ChatMessage(ChatRole Role, string? Text)
{
    /// <summary>
    /// The first message carries one picture apart from its text, as a web front end hands it over: its text loses its own "&lt;image&gt;"
    /// and blanks at both ends, and the template puts the marker where it wants it.
    /// </summary>
    public bool PictureApart { get; init; }
}
