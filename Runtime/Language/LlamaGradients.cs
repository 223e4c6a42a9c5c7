using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>Where a layer's gradients are summed, in the shapes of <see cref="LlamaBlockWeights"/>; null: frozen.</summary>
internal sealed record LlamaBlockGradients(
    Matrix? AttentionNorm = null, Matrix? Qkv = null, Matrix? Out = null, Matrix? FeedForwardNorm = null, Matrix? GateUp = null,
    Matrix? Down = null);

/// <summary>Where the language model's gradients are summed, in the shapes of <see cref="LlamaWeights"/>; null: frozen.</summary>
internal sealed record LlamaGradients(
    IReadOnlyList<LlamaBlockGradients> Blocks, Matrix? Embedding = null, Matrix? Norm = null, Matrix? Head = null)
{
    /// <summary>Of a model that learns nothing itself.</summary>
    public static LlamaGradients Frozen(LlamaConfig config) => new([.. Enumerable.Repeat(new LlamaBlockGradients(), config.Layers)]);
}
