using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Rotary;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>One layer of LLaMA: RMSNorm, grouped-query attention over the KV cache, RMSNorm, SwiGLU, each with residual (LlamaDecoderLayer).</summary>
public static class LlamaBlock
{
    /// <summary>x (T, D) to y (T, D); both and silu(gate) · up are float32 whatever the activations: they hold numbers beyond binary16. The rows belong to the batch's states, in order.</summary>
    public static void Forward(ComputeQueue queue, LlamaConfig config, LlamaWeights model, int layer, LlamaBatch batch, Matrix x, Arena arena, Matrix y,
        StageTrace? trace = null)
    {
        using Arena.Scope scope = arena.Begin();
        LlamaBlockWeights weights = model.Blocks[layer];
        Matrix attended = arena.Take(x.Rows, x.Columns), normed = arena.TakeActivations(x.Rows, x.Columns), gated = arena.Take(x.Rows, config.FeedForward);
        Attend(queue, config, model, layer, batch, x, arena, attended, trace);
        RmsNorm.Run(queue, attended, weights.FeedForwardNorm, config.RmsEpsilon, normed);
        Linear.Run(queue, weights.GateUp, normed, gated, new Epilogue(Activation: Activation.SiluUp));
        Linear.Run(queue, weights.Down, gated, y, new Epilogue(Residual: attended));
        trace?.Record(("attn_residual", attended), ("ffn_norm", normed), ("gate_up", gated), ("output", y));
    }

    private static void Attend(ComputeQueue queue, LlamaConfig config, LlamaWeights model, int layer, LlamaBatch batch, Matrix x, Arena arena, Matrix y,
        StageTrace? trace)
    {
        using Arena.Scope scope = arena.Begin();
        LlamaBlockWeights weights = model.Blocks[layer];
        Matrix normed = arena.TakeActivations(x.Rows, x.Columns), qkv = arena.TakeActivations(x.Rows, weights.Qkv.Rows);
        Matrix queries = arena.TakeActivations(x.Rows, config.QueryColumns), context = arena.TakeActivations(x.Rows, config.QueryColumns);
        RmsNorm.Run(queue, x, weights.AttentionNorm, config.RmsEpsilon, normed);
        Linear.Run(queue, weights.Qkv, normed, qkv);
        ReadOnlySpan<CacheSegment> caches = batch.Caches(layer);
        RotaryEmbedding.Run(queue, qkv, model.Cos, model.Sin, batch.Positions, queries, caches);
        CausalAttention.Run(queue, queries, caches, batch.Positions, config.HeadSize, context);
        Linear.Run(queue, weights.Out, context, y, new Epilogue(Residual: x));
        trace?.Record(("attn_norm", normed), ("qkv", qkv), ("queries", queries), ("context", context));
    }
}
