using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>Weights of one layer. D hidden, F feed-forward, Q query columns, K key columns.</summary>
/// <param name="AttentionNorm">(1, D) input_layernorm</param>
/// <param name="Qkv">(Q + 2·K, D): q, k, v by rows.</param>
/// <param name="Out">(D, Q)</param>
/// <param name="FeedForwardNorm">(1, D) post_attention_layernorm</param>
/// <param name="GateUp">(2·F, D): gate, then up.</param>
/// <param name="Down">(D, F)</param>
internal sealed record LlamaBlockWeights(Matrix AttentionNorm, Weight Qkv, Weight Out, Matrix FeedForwardNorm, Weight GateUp, Weight Down);

/// <summary>Weights of the language model. V vocabulary, D hidden.</summary>
/// <param name="Embedding">(V, D), f_T</param>
/// <param name="Norm">(1, D)</param>
/// <param name="Head">(V, D); the embedding itself where tied.</param>
/// <param name="Cos">(context, d/2) of the rotary embedding, computed, never read from a file.</param>
internal sealed record LlamaWeights(Weight Embedding, IReadOnlyList<LlamaBlockWeights> Blocks, Matrix Norm, Weight Head, Matrix Cos,
    Matrix Sin);
