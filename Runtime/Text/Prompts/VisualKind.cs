namespace EdgeVideoLlava.Runtime.Text.Prompts;

/// <summary>What the user shows: a picture or a clip.</summary>
public enum VisualKind
{
    Picture,
    Clip,
}
