using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>A tower's forward that a backward can follow: pixels, embeddings, states around the layers, what each computed.</summary>
/// <remarks>
/// Its memory is the arena's: it lasts until the scope that it was taken in is left, after the backward. R = frames · positions.
/// </remarks>
internal sealed class VisionTape
{
    /// <param name="layers">Layers to run; null: those that the features need.</param>
    /// <param name="recompute">The layers share one set of activations: a backward computes each layer's again.</param>
    public VisionTape(Arena arena, VisionConfig config, int frames, int? layers = null, bool recompute = false)
    {
        int rows = frames * config.Positions, count = layers ?? config.FeatureLayers;
        ArgumentOutOfRangeException.ThrowIfLessThan(count, config.FeatureLayers, nameof(layers));
        Pixels = arena.Take(frames * 3 * config.ImageSize, config.ImageSize);
        (Embedded, PreNormStatistics) = (arena.Take(rows, config.Hidden), arena.Take(rows, 2));
        Hidden = [.. Enumerable.Range(0, count + 1).Select(_ => arena.Take(rows, config.Hidden))];
        VisionActivations Layer() => VisionActivations.TakeForBackward(arena, config, rows);
        Layers = recompute ? [.. Enumerable.Repeat(Layer(), count)] : [.. Enumerable.Range(0, count).Select(_ => Layer())];
    }

    /// <summary>(frames · 3 · S, S)</summary>
    public Matrix Pixels { get; }

    /// <summary>(R, D) before the first norm.</summary>
    public Matrix Embedded { get; }

    /// <summary>(R, 2): mean and 1/std of every row of <see cref="Embedded"/>.</summary>
    public Matrix PreNormStatistics { get; }

    /// <summary>(R, D) each: the first norm's result, then every layer's output (hidden_states of the reference).</summary>
    public IReadOnlyList<Matrix> Hidden { get; }

    public IReadOnlyList<VisionActivations> Layers { get; }
}
