using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>Sizes of a tower f_V, every one of them resolved: from the tensors, from config.json, or by a named
/// default of the reference.</summary>
public sealed record VisionConfig
{
    /// <summary>Layers of the checkpoint; the features come from before the last, see <see cref="FeatureLayers"/>.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of a feature.</summary>
    public required int Hidden { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of the feed-forward layer.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Side of a patch in pixels.</summary>
    public required int Patch { get; init; }

    /// <summary>Patches plus one for the class embedding.</summary>
    public required int Positions { get; init; }

    /// <summary>Added to the variance in a norm.</summary>
    public required float LayerNormEpsilon { get; init; }

    /// <summary>Of the feed-forward layer.</summary>
    public required Activation Activation { get; init; }

    /// <summary>Frames of a clip that temporal attention looks at together; 0 = no temporal attention (image towers, -hf).</summary>
    public required int TemporalFrames { get; init; }

    /// <summary>Layers that the features need: hidden_states[FeatureLayers] of the reference's list of Layers + 1.</summary>
    public required int FeatureLayers { get; init; }

    /// <summary>Side of the square input picture in pixels.</summary>
    public int ImageSize => (int)Math.Round(Math.Sqrt(Positions - 1)) * Patch;
}
