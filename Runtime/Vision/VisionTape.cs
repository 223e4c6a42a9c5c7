using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>Positions that patch dropout has kept.</summary>
/// <param name="Positions">Of a frame, the class embedding included.</param>
/// <param name="Rows">(frames · Positions): which row of all.</param>
/// <param name="Values">(frames · Positions, D): what stands there.</param>
internal sealed record KeptPatches(int Positions, IntVector Rows, Matrix Values);

/// <summary>A tower's forward that a backward can follow: pixels, embeddings, states around the layers, what each computed.</summary>
/// <remarks>
/// Its memory is the arena's: it lasts until the scope that it was taken in is left, after the backward. R = frames · positions.
/// </remarks>
internal sealed class VisionTape
{
    /// <param name="layers">Layers to run; null: those that the features need.</param>
    /// <param name="recompute">The layers share one set of activations: a backward computes each layer's again.</param>
    /// <param name="kept">Rows that go through the layers (patch dropout); null: all.</param>
    public VisionTape(Arena arena, VisionConfig config, int frames, int? layers = null, bool recompute = false, IntVector? kept = null)
    {
        int rows = frames * config.Positions, count = layers ?? config.FeatureLayers;
        ArgumentOutOfRangeException.ThrowIfLessThan(count, config.FeatureLayers, nameof(layers));
        Pixels = arena.Take(frames * 3 * config.ImageSize, config.ImageSize);
        Embedded = arena.Take(rows, config.Hidden);
        if (kept is { } places)
        {
            rows = places.Length;
            Kept = new KeptPatches(rows / frames, places, arena.Take(rows, config.Hidden));
        }
        PreNormStatistics = arena.Take(rows, 2);
        Hidden = [.. Enumerable.Range(0, count + 1).Select(_ => arena.Take(rows, config.Hidden))];
        VisionActivations Layer() => VisionActivations.TakeForBackward(arena, config, rows);
        Layers = recompute ? [.. Enumerable.Repeat(Layer(), count)] : [.. Enumerable.Range(0, count).Select(_ => Layer())];
        Recomputes = recompute;
    }

    /// <summary>(frames · 3 · S, S)</summary>
    public Matrix Pixels { get; }

    /// <summary>(frames · positions, D) before the first norm, and before patches are dropped.</summary>
    public Matrix Embedded { get; }

    /// <summary>What is left of it; null without patch dropout.</summary>
    public KeptPatches? Kept { get; }

    /// <summary>(R, 2): mean and 1/std of every row that the first norm takes.</summary>
    public Matrix PreNormStatistics { get; }

    /// <summary>(R, D) each: the first norm's result, then every layer's output (hidden_states of the reference).</summary>
    public IReadOnlyList<Matrix> Hidden { get; }

    public IReadOnlyList<VisionActivations> Layers { get; }

    /// <summary>The layers share activations: they are now the last layer's.</summary>
    public bool Recomputes { get; }
}
