using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>What a prompt must know about a picture or clip: its kind and how many positions it takes.</summary>
internal readonly record struct VisualShape(bool IsClip, int Rows)
{
    public static VisualShape Of(VisionTokens tokens) => new(tokens.IsClip, tokens.Rows.Rows);

    /// <summary>The same, known before anything is encoded.</summary>
    public static VisualShape Of(VideoLlavaConfig config, PixelValues pixels)
        => pixels.IsClip ? new(true, pixels.Frames * config.VideoTower.Positions) : new(false, config.ImageTower.Positions - 1);
}
