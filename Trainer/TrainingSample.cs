using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Trainer;

/// <summary>One tokenised dialogue with what it talks about.</summary>
/// <param name="Ids">One −200 for each picture, and for each frame of a clip.</param>
/// <param name="Labels">One an id; −100 where nothing is learned.</param>
/// <param name="Visuals">In the order of the markers; none for a dialogue without pictures.</param>
internal sealed record TrainingSample(int[] Ids, int[] Labels, IReadOnlyList<PixelValues> Visuals)
{
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
