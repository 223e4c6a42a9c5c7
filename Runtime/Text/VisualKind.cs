namespace EdgeVideoLlava.Runtime.Text;

/// <summary>What the user shows: a picture or a clip.</summary>
public enum VisualKind
{
    Picture,
    Clip,
}
