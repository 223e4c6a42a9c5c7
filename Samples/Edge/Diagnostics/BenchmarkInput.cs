using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Random input of a model's shapes: the numbers do not matter.</summary>
internal sealed class BenchmarkInput(VideoLlavaConfig config)
{
    private readonly Random random = new(1);

    /// <summary>A clip.</summary>
    public PixelValues Pixels()
    {
        int frames = config.ClipFrames, size = config.VideoTower.ImageSize;
        var values = new float[frames * 3 * size * size];
        for (int i = 0; i < values.Length; i++) values[i] = random.NextSingle() * 4 - 2;
        return new PixelValues(values, frames, size, IsClip: true);
    }

    /// <summary>Words only.</summary>
    public MergedPrompt Prompt(int positions)
        => MergedPrompt.FromMarkers([.. Enumerable.Range(0, positions).Select(_ => random.Next(config.Language.Vocabulary))], [],
            config.Language.Vocabulary);
}
