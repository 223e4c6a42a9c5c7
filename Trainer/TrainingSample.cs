using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Trainer;

/// <summary>One tokenised dialogue with what it talks about.</summary>
/// <param name="Ids">One −200 for each picture, and for each frame of a clip.</param>
/// <param name="Labels">One an id; −100 where nothing is learned.</param>
/// <param name="Visuals">In the order of the markers; none for a dialogue without pictures.</param>
internal sealed record TrainingSample(int[] Ids, int[] Labels, IReadOnlyList<PixelValues> Visuals) : IDisposable
{
    /// <summary>File and place, for messages.</summary>
    public string Name { get; init; } = "";

    /// <summary>Labels that a pass learns from: of the expanded and cut prompt, without the first position's.</summary>
    internal int Supervised(VideoLlavaConfig config) => Measure(config).Supervised;

    /// <summary>Positions of the expanded and cut prompt.</summary>
    internal int Length(VideoLlavaConfig config) => Measure(config).Length;

    private (int Supervised, int Length) Measure(VideoLlavaConfig config)
    {
        (int supervised, int position, int block) = (0, 0, 0);
        int[] blocks = [.. Visuals.SelectMany(pixels => Enumerable.Repeat(
            pixels.IsClip ? config.VideoTower.Positions : config.ImageTower.Positions - 1, pixels.Frames))];
        for (int i = 0; i < Ids.Length && position < (config.ExpandedLimit ?? int.MaxValue); i++)
        {
            bool isVisual = Ids[i] == MergedPrompt.VisualMarker;
            if (!isVisual && position > 0 && Labels[i] != CrossEntropy.Ignored) supervised++;
            position += !isVisual ? 1 : block < blocks.Length ? blocks[block++] : 0;
        }
        return (supervised, Math.Min(position, config.ExpandedLimit ?? int.MaxValue));
    }

    /// <summary>Releases its pictures and clips.</summary>
    public void Dispose()
    {
        foreach (PixelValues pixels in Visuals) pixels.Dispose();
    }

    /// <summary>The prompt at its full length, cut where the checkpoint's training cuts it.</summary>
    /// <param name="visuals">The encoded visuals, in order.</param>
    /// <exception cref="BadInputException">Markers and visuals do not match.</exception>
    internal MergedPrompt Merge(VideoLlava model, IReadOnlyList<VisionTokens> visuals)
    {
        MergedPrompt prompt = MergedPrompt.FromMarkers(Ids, visuals, model.Config.Language.Vocabulary);
        if (model.Config.ExpandedLimit is { } limit) prompt.Truncate(limit);
        return prompt;
    }
}
