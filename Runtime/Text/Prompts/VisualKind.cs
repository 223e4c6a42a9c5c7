namespace EdgeVideoLlava.Runtime.Text.Prompts;

/// <summary>What the user shows: a picture or a clip.</summary>
internal enum VisualKind
{
    Picture,
    Clip,
}
