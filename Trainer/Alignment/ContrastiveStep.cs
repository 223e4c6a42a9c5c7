using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>A picture or clip and what it shows.</summary>
/// <param name="Kept">Patches that are not dropped; null: all.</param>
/// <param name="Text">Ids, as <see cref="TextEncoder.Cut"/> gives them.</param>
internal sealed record ContrastivePair(PixelValues Pixels, int[]? Kept, int[] Text);

/// <summary>Loss and gradients of a batch of pairs, each of which is held against all others.</summary>
/// <remarks>
/// A batch that is larger than what is kept at once goes forward twice (gradient cache, Gao et al., arXiv:2101.06983): first for the
/// features and the gradient of the loss at them, then part by part with everything kept, and back. So every gradient is the whole
/// batch's, that of the temperature too, which the reference counts once for each part.
/// </remarks>
/// <param name="logScale">The logarithm of 1 / temperature: one number.</param>
internal sealed class ContrastiveStep(ComputeQueue queue, VisualEncoder visuals, TextEncoder texts, TableTensor logScale, int projected)
{
    /// <summary>The largest logarithm that CLIP allows: that of 100.</summary>
    public static float MostLogScale { get; } = MathF.Log(100);

    /// <summary>Adds the gradient of factor · loss to all that learns.</summary>
    /// <param name="atOnce">Pairs whose activations are kept together.</param>
    /// <param name="arena">For this alone.</param>
    /// <returns>The loss, in nats.</returns>
    public double Backward(IReadOnlyList<ContrastivePair> pairs, int atOnce, Arena arena, bool recompute = false, float factor = 1,
        CancellationToken cancel = default)
    {
        using Arena.Scope scope = arena.Begin();
        Features features = Take(arena, pairs.Count), gradients = Take(arena, pairs.Count);
        Range[] parts = [.. Enumerable.Range(0, pairs.Count).Chunk(atOnce).Select(part => part[0]..(part[^1] + 1))];
        if (parts.Length == 1)
        {
            using Part whole = Forward(pairs, parts[0], features, arena, recompute);
            double loss = Loss(features, gradients, factor, arena);
            Backward(whole, parts[0], gradients, arena);
            return loss;
        }
        foreach (Range part in parts)
        {
            cancel.ThrowIfCancellationRequested();
            using Arena.Scope own = arena.Begin();
            Forward(pairs, part, features, arena, recompute: true).Dispose();
        }
        double ofAll = Loss(features, gradients, factor, arena);
        foreach (Range part in parts)
        {
            cancel.ThrowIfCancellationRequested();
            using Arena.Scope own = arena.Begin();
            using Part again = Forward(pairs, part, features, arena, recompute);
            Backward(again, part, gradients, arena);
        }
        return ofAll;
    }

    /// <summary>Keeps the temperature within CLIP's bounds, after a step.</summary>
    public static void Clamp(ComputeQueue queue, TableTensor logScale)
    {
        float scale = queue.Read(logScale.Value)[0], clamped = Math.Clamp(scale, 0, MostLogScale);
        if (clamped != scale) queue.Write([clamped], logScale.Value);
    }

    private double Loss(Features features, Features gradients, float factor, Arena arena)
    {
        float scale = queue.Read(logScale.Value)[0];
        (double loss, double dScale) = InfoNce.Run(queue, features.Visual, features.Text, scale, factor, arena, gradients.Visual,
            gradients.Text);
        if (logScale.Gradient is { } sum) queue.Write([queue.Read(sum)[0] + (float)dScale], sum);
        return loss;
    }

    private Part Forward(IReadOnlyList<ContrastivePair> pairs, Range part, Features features, Arena arena, bool recompute)
    {
        (int start, int count) = part.GetOffsetAndLength(pairs.Count);
        List<VisualEncoder.Tape> seen = [];
        for (int i = start; i < start + count; i++)
            seen.Add(visuals.Forward(queue, arena, pairs[i].Pixels, pairs[i].Kept, recompute, features.Visual.RowRange(i, 1)));
        int[][] words = [.. pairs.Skip(start).Take(count).Select(pair => pair.Text)];
        return new Part(seen, texts.Forward(queue, arena, words, features.Text.RowRange(start, count)));
    }

    private void Backward(Part part, Range range, Features gradients, Arena arena)
    {
        (int start, int count) = range.GetOffsetAndLength(gradients.Visual.Rows);
        for (int i = 0; i < count; i++) visuals.Backward(queue, arena, part.Seen[i], gradients.Visual.RowRange(start + i, 1));
        if (texts.Learns) texts.Backward(queue, arena, part.Read, gradients.Text.RowRange(start, count));
    }

    private Features Take(Arena arena, int count) => new(arena.Take(count, projected), arena.Take(count, projected));

    private readonly record struct Features(Matrix Visual, Matrix Text);

    private sealed record Part(IReadOnlyList<VisualEncoder.Tape> Seen, TextEncoder.Tape Read) : IDisposable
    {
        public void Dispose()
        {
            foreach (VisualEncoder.Tape tape in Seen) tape.Dispose();
            Read.Dispose();
        }
    }
}
