using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Rotary;

namespace EdgeVideoLlava.Runtime.Language;

internal static partial class LlamaBlock
{
    /// <summary>dy (T, D), the gradient of the layer's output, to dx (T, D), that of its input; they may be the same memory.</summary>
    /// <param name="batch">The forward's, of one conversation that begins with these rows.</param>
    /// <param name="a">What the forward computed from x.</param>
    /// <param name="g">Added to.</param>
    public static void Backward(ComputeQueue queue, LlamaConfig config, LlamaWeights model, int layer, LlamaBatch batch, Matrix x,
        in LlamaActivations a, in LlamaDerivatives d, LlamaBlockGradients g, Matrix dy, Matrix dx)
    {
        LlamaBlockWeights weights = model.Blocks[layer];
        LlamaBlockLora? lora = model.Lora?.Blocks[layer];
        Linear.WeightBackward(queue, dy, a.Hidden, g.Down);
        Linear.InputBackward(queue, weights.Down, dy, d.Hidden);
        lora?.Down?.Backward(queue, a.Hidden, a.Low!.Value, dy, d.Hidden);
        Activate.Backward(queue, Activation.SiluUp, a.GateUp!.Value, d.Hidden, d.GateUp);
        Linear.WeightBackward(queue, d.GateUp, a.FeedForwardNorm, g.GateUp);
        Linear.InputBackward(queue, weights.GateUp, d.GateUp, d.Norm);
        lora?.GateUp?.Backward(queue, a.FeedForwardNorm, a.Low!.Value, d.GateUp, d.Norm);
        RmsNorm.Backward(queue, a.Attended, weights.FeedForwardNorm, a.FeedForwardNormScale!.Value, d.Norm, d.Attended, residual: dy,
            g.FeedForwardNorm);

        Linear.WeightBackward(queue, d.Attended, a.Context, g.Out);
        Linear.InputBackward(queue, weights.Out, d.Attended, d.Context);
        lora?.Out?.Backward(queue, a.Context, a.Low!.Value, d.Attended, d.Context);
        Attention(queue, config, model, batch.Caches(layer)[0], batch.Positions, a, d);
        Linear.WeightBackward(queue, d.Qkv, a.Norm, g.Qkv);
        Linear.InputBackward(queue, weights.Qkv, d.Qkv.ColumnRange(0, weights.Qkv.Rows), d.Norm);
        if (weights.Value is { } value)
            Linear.InputBackward(queue, value, d.Qkv.ColumnRange(weights.Qkv.Rows, value.Rows), d.Norm, add: true);
        lora?.Qkv?.Backward(queue, a.Norm, a.Low!.Value, d.Qkv, d.Norm);
        RmsNorm.Backward(queue, x, weights.AttentionNorm, a.NormScale!.Value, d.Norm, dx, residual: d.Attended, g.AttentionNorm);
    }

    /// <summary>d.Context to d.Qkv: gradients of rotated queries and keys, turned back, and of values.</summary>
    private static void Attention(ComputeQueue queue, LlamaConfig config, LlamaWeights model, CacheSegment cache, IntVector positions,
        in LlamaActivations a, in LlamaDerivatives d)
    {
        int rows = d.Qkv.Rows, rotated = config.QueryColumns + config.KeyColumns;
        var queries = new QueryRows(a.Queries, positions, config.HeadSize, a.Context, a.LogSums);
        CausalAttention.Backward(queue, queries, cache.Keys.Numbers.RowRange(0, rows), cache.Values.Numbers.RowRange(0, rows), d.Context,
            d.Qkv.ColumnRange(0, config.QueryColumns), d.Qkv.ColumnRange(config.QueryColumns, config.KeyColumns),
            d.Qkv.ColumnRange(rotated, config.KeyColumns));
        RotaryEmbedding.Backward(queue, d.Qkv.ColumnRange(0, rotated), model.Cos, model.Sin, positions);
    }
}
