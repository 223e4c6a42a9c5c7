using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Trainer;

/// <summary>One tokenised dialogue with what it talks about.</summary>
/// <param name="Ids">One −200 for each picture, and for each frame of a clip.</param>
/// <param name="Labels">One an id; −100 where nothing is learned.</param>
/// <param name="Visuals">In the order of the markers; none for a dialogue without pictures.</param>
public sealed record TrainingSample(int[] Ids, int[] Labels, IReadOnlyList<PixelValues> Visuals);
