using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>A forward of T rows that a backward can follow: the states around the layers, what each computed, the final norm.</summary>
/// <remarks>Its memory is the arena's: it lasts until the scope that it was taken in is left, after the backward.</remarks>
internal sealed class LlamaTape
{
    /// <param name="recompute">The layers share activations: a backward computes each layer's again (<see cref="Llama.Layer"/>).</param>
    public LlamaTape(Arena arena, LlamaConfig config, int rows, bool recompute = false, LlamaLora? lora = null)
    {
        Hidden = [.. Enumerable.Range(0, config.Layers + 1).Select(_ => arena.Take(rows, config.Hidden))];
        LlamaActivations Layer() => LlamaActivations.TakeForBackward(arena, config, rows, lora);
        Layers = recompute ? [.. Enumerable.Repeat(Layer(), config.Layers)] : [.. Enumerable.Range(0, config.Layers).Select(_ => Layer())];
        Recomputes = recompute;
        (Norm, NormScale) = (arena.TakeActivations(rows, config.Hidden), arena.Take(rows, 1));
    }

    /// <summary>(T, D) each: the embeddings, then every layer's output (hidden_states of the reference, but for its last).</summary>
    public IReadOnlyList<Matrix> Hidden { get; }

    public IReadOnlyList<LlamaActivations> Layers { get; }

    /// <summary>The layers share activations: they are now the last layer's.</summary>
    public bool Recomputes { get; }

    /// <summary>(T, D) after the final norm (the reference's last hidden state).</summary>
    public Matrix Norm { get; }

    /// <summary>(T, 1): 1/rms of the final norm.</summary>
    public Matrix NormScale { get; }
}
