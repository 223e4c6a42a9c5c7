using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Rotary;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>One layer of LLaMA: RMSNorm, grouped-query attention over the KV cache, RMSNorm, SwiGLU, each with
/// residual (LlamaDecoderLayer).</summary>
internal static partial class LlamaBlock
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
        LlamaBlockLora? lora = model.Lora?.Blocks[layer];
        Matrix? delta = lora?.Qkv?.Forward(queue, a.Norm, a.Low!.Value, null);
        Linear.Run(queue, weights.Qkv, a.Norm, a.Qkv.ColumnRange(0, weights.Qkv.Rows),
            new Epilogue(Residual: delta?.ColumnRange(0, weights.Qkv.Rows)));
        if (weights.Value is { } value)
        {
            Linear.Run(queue, value, a.Norm, a.Qkv.ColumnRange(weights.Qkv.Rows, value.Rows),
                new Epilogue(Residual: delta?.ColumnRange(weights.Qkv.Rows, value.Rows)));
        }
        RotaryEmbedding.Run(queue, a.Qkv, model.Cos, model.Sin, batch.Positions, a.Queries, caches);
        CausalAttention.Run(queue, a.Queries, caches, batch.Positions, config.HeadSize, a.Context, a.LogSums);
        Matrix passing = lora?.Out?.Forward(queue, a.Context, a.Low!.Value, x) ?? x;
        Linear.Run(queue, weights.Out, a.Context, a.Attended, new Epilogue(Residual: passing));
        trace?.Record(("attn_norm", a.Norm), ("qkv", a.Qkv), ("queries", a.Queries), ("context", a.Context), ("attn_residual", a.Attended));

        RmsNorm.Run(queue, a.Attended, weights.FeedForwardNorm, config.RmsEpsilon, a.FeedForwardNorm, a.FeedForwardNormScale);
        GateAndUp(queue, weights, lora?.GateUp, a);
        passing = lora?.Down?.Forward(queue, a.Hidden, a.Low!.Value, a.Attended) ?? a.Attended;
        Linear.Run(queue, weights.Down, a.Hidden, y, new Epilogue(Residual: passing));
        trace?.Record(("ffn_norm", a.FeedForwardNorm), ("gate_up", a.Hidden), ("output", y));
    }

    private static void GateAndUp(ComputeQueue queue, LlamaBlockWeights weights, LoraLinear? lora, in LlamaActivations a)
    {
        if (lora == null)
        {
            var siluUp = new Epilogue(Activation: Activation.SiluUp, PreActivation: a.GateUp);
            Linear.Run(queue, weights.GateUp, a.FeedForwardNorm, a.Hidden, siluUp);
            return;
        }
        Matrix delta = lora.Forward(queue, a.FeedForwardNorm, a.Low!.Value, null);
        Linear.Run(queue, weights.GateUp, a.FeedForwardNorm, a.GateUp!.Value, new Epilogue(Residual: delta));
        Activate.Run(queue, Activation.SiluUp, a.GateUp.Value, a.Hidden);
    }
}
