using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>Sizes of a text tower: layers as a vision tower's, over words.</summary>
/// <param name="Layers">Its layers see only what stands before (<see cref="RowsBefore"/>); positions are words at most.</param>
internal sealed record TextConfig(VisionConfig Layers, int Vocabulary)
{
    /// <summary>Ids of a text at most, the first and last marks included.</summary>
    public int Positions => Layers.Positions;
}

/// <summary>Sizes of a two-tower model (CLIPModel, and LanguageBind's).</summary>
/// <param name="Projection">Width of the common space.</param>
internal sealed record ClipConfig(VisionConfig Vision, TextConfig Text, int Projection);
