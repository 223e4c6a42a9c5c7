using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Rotary;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>One layer of LLaMA: RMSNorm, grouped-query attention over the KV cache, RMSNorm, SwiGLU, each with
/// residual (LlamaDecoderLayer).</summary>
internal static class LlamaBlock
{
    /// <summary>x (T, D) to y (T, D), which may not alias x; the rows belong to the batch's states, in order.</summary>
    /// <remarks>x, y and silu(gate) · up are float32 whatever the activations: they hold numbers beyond binary16.</remarks>
    /// <param name="a">Of T rows: what is computed on the way.</param>
    public static void Forward(ComputeQueue queue, LlamaConfig config, LlamaWeights model, int layer, LlamaBatch batch, Matrix x,
        in LlamaActivations a, Matrix y, StageTrace? trace = null)
    {
        LlamaBlockWeights weights = model.Blocks[layer];
        ReadOnlySpan<CacheSegment> caches = batch.Caches(layer);

        RmsNorm.Run(queue, x, weights.AttentionNorm, config.RmsEpsilon, a.Norm, a.NormScale);
        Linear.Run(queue, weights.Qkv, a.Norm, a.Qkv);
        RotaryEmbedding.Run(queue, a.Qkv, model.Cos, model.Sin, batch.Positions, a.Queries, caches);
        CausalAttention.Run(queue, a.Queries, caches, batch.Positions, config.HeadSize, a.Context, a.LogSums);
        Linear.Run(queue, weights.Out, a.Context, a.Attended, new Epilogue(Residual: x));
        trace?.Record(("attn_norm", a.Norm), ("qkv", a.Qkv), ("queries", a.Queries), ("context", a.Context), ("attn_residual", a.Attended));

        RmsNorm.Run(queue, a.Attended, weights.FeedForwardNorm, config.RmsEpsilon, a.FeedForwardNorm, a.FeedForwardNormScale);
        var siluUp = new Epilogue(Activation: Activation.SiluUp, PreActivation: a.GateUp);
        Linear.Run(queue, weights.GateUp, a.FeedForwardNorm, a.Hidden, siluUp);
        Linear.Run(queue, weights.Down, a.Hidden, y, new Epilogue(Residual: a.Attended));
        trace?.Record(("ffn_norm", a.FeedForwardNorm), ("gate_up", a.Hidden), ("output", y));
    }
}
