using EdgeVideoLlava.Kernels.Loss;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>Several merged prompts side by side, padded to the longest: the masks, positions and labels that the
/// reference makes of them.</summary>
/// <remarks>
/// prepare_inputs_labels_for_multimodal: visual rows and padding carry the label −100, padding has mask 0 and position 0, real positions
/// count from 0 in every row. A row's results are those that it has alone; the model itself runs rows without padding.
/// </remarks>
/// <param name="Mask">(rows, length): 1 for real positions.</param>
/// <param name="Positions">(rows, length)</param>
/// <param name="Labels">(rows, length)</param>
internal sealed record PaddedBatch(int[][] Mask, int[][] Positions, int[][] Labels)
{
    public static PaddedBatch Of(IReadOnlyList<(MergedPrompt Prompt, int[] ExpandedLabels)> rows, bool padLeft)
    {
        int length = rows.Max(row => row.Prompt.Length);
        int[][] Pad(int filler, Func<(MergedPrompt Prompt, int[] ExpandedLabels), IEnumerable<int>> values) => [.. rows.Select(row =>
        {
            IEnumerable<int> padding = Enumerable.Repeat(filler, length - row.Prompt.Length);
            return (padLeft ? padding.Concat(values(row)) : values(row).Concat(padding)).ToArray();
        })];
        return new PaddedBatch(
            Pad(0, row => Enumerable.Repeat(1, row.Prompt.Length)), Pad(0, row => Enumerable.Range(0, row.Prompt.Length)),
            Pad(CrossEntropy.Ignored, row => row.ExpandedLabels));
    }

    /// <summary>The labels of a prompt's ids at the positions of the merged prompt, cut where it was cut.</summary>
    /// <param name="ids">Ids with one marker for each visual block, as the prompt was made from.</param>
    /// <param name="labels">One label an id.</param>
    public static int[] Expand(MergedPrompt prompt, IReadOnlyList<int> ids, IReadOnlyList<int> labels)
    {
        if (ids.Count != labels.Count) throw new ArgumentException($"{ids.Count} ids and {labels.Count} labels");
        using IEnumerator<int> text = labels.Where((_, i) => ids[i] != MergedPrompt.VisualMarker).GetEnumerator();
        return [.. prompt.Ids.Select(id => id == MergedPrompt.VisualMarker || !text.MoveNext() ? CrossEntropy.Ignored : text.Current)];
    }
}
