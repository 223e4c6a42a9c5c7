using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>What a layer computes on its way from x (T, D) to y (T, D), in memory that it is given.</summary>
/// <remarks>
/// Inference recycles one for all layers. A backward needs each layer's own, or has the layer compute into one again; what only it reads is
/// null elsewhere, and then costs nothing. D hidden, F feed-forward, Q query columns, K key columns, H query heads.
/// </remarks>
/// <param name="Norm">(T, D) after input_layernorm.</param>
/// <param name="Qkv">(T, Q + 2·K) before the rotary embedding.</param>
/// <param name="Queries">(T, Q), rotated; keys and values are in the cache.</param>
/// <param name="Context">(T, Q): the attention's result before its projection.</param>
/// <param name="Attended">(T, D), float32: x plus the attention.</param>
/// <param name="FeedForwardNorm">(T, D) after post_attention_layernorm; may be the memory of <paramref name="Norm"/>.</param>
/// <param name="Hidden">(T, F), float32: silu(gate) · up.</param>
internal readonly record struct LlamaActivations(
    Matrix Norm, Matrix Qkv, Matrix Queries, Matrix Context, Matrix Attended, Matrix FeedForwardNorm, Matrix Hidden)
{
    /// <summary>(T, 1): 1/rms of every row of x.</summary>
    public Matrix? NormScale { get; init; }

    /// <summary>(T, H): the log-sum of every row and head of the attention.</summary>
    public Matrix? LogSums { get; init; }

    /// <summary>(T, 1): 1/rms of every row of <see cref="Attended"/>.</summary>
    public Matrix? FeedForwardNormScale { get; init; }

    /// <summary>(T, 2·F): gate, then up, before silu(gate) · up.</summary>
    public Matrix? GateUp { get; init; }

    /// <summary>(T, sum of ranks): what the adapters of all linears made of their inputs, scaled; null without an adapter.</summary>
    public Matrix? Low { get; init; }

    /// <summary>For inference: nothing is kept that no later step of the layer reads.</summary>
    /// <param name="lora">An adapter that takes part.</param>
    public static LlamaActivations Take(Arena arena, LlamaConfig config, int rows, LlamaLora? lora = null)
    {
        Matrix norm = arena.TakeActivations(rows, config.Hidden);
        return new LlamaActivations(
            norm, arena.TakeActivations(rows, config.QueryColumns + 2 * config.KeyColumns),
            arena.TakeActivations(rows, config.QueryColumns), arena.TakeActivations(rows, config.QueryColumns),
            arena.Take(rows, config.Hidden), norm, arena.Take(rows, config.FeedForward))
        {
            Low = lora == null ? null : arena.Take(rows, lora.Ranks),
            GateUp = lora == null ? null : arena.Take(rows, 2 * config.FeedForward),
        };
    }

    /// <summary>With all that a backward of the layer needs.</summary>
    public static LlamaActivations TakeForBackward(Arena arena, LlamaConfig config, int rows, LlamaLora? lora = null)
        => Take(arena, config, rows, lora) with
        {
            FeedForwardNorm = arena.TakeActivations(rows, config.Hidden),
            NormScale = arena.Take(rows, 1),
            LogSums = arena.Take(rows, config.Heads),
            FeedForwardNormScale = arena.Take(rows, 1),
            GateUp = arena.Take(rows, 2 * config.FeedForward),
        };
}
