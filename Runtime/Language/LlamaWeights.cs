using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>Weights of one layer. D hidden, F feed-forward, Q query columns, K key columns.</summary>
/// <param name="AttentionNorm">(1, D) input_layernorm</param>
/// <param name="Qkv">(Q + 2·K, D): q, k, v by rows; (Q + K, D) where v stands apart.</param>
/// <param name="Out">(D, Q)</param>
/// <param name="FeedForwardNorm">(1, D) post_attention_layernorm</param>
/// <param name="GateUp">(2·F, D): gate, then up.</param>
/// <param name="Down">(D, F)</param>
/// <param name="Value">(K, D), v where it is stored in another type than q and k; else null.</param>
internal sealed record LlamaBlockWeights(Matrix AttentionNorm, Weight Qkv, Weight Out, Matrix FeedForwardNorm, Weight GateUp, Weight Down,
    Weight? Value = null)
{
    /// <summary>All weights of products.</summary>
    public IEnumerable<Weight> Linears => Value == null ? [Qkv, Out, GateUp, Down] : [Qkv, Value, Out, GateUp, Down];
}

/// <summary>Weights of the language model. V vocabulary, D hidden.</summary>
/// <param name="Embedding">(V, D), f_T</param>
/// <param name="Norm">(1, D)</param>
/// <param name="Head">(V, D); the embedding itself where tied.</param>
/// <param name="Cos">(context, d/2) of the rotary embedding, computed, never read from a file.</param>
internal sealed record LlamaWeights(Weight Embedding, IReadOnlyList<LlamaBlockWeights> Blocks, Matrix Norm, Weight Head, Matrix Cos,
    Matrix Sin)
{
    /// <summary>An adapter that is being trained, beside the weights; else null.</summary>
    public LlamaLora? Lora { get; set; }
}
