using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>One layer of a tower: temporal attention (original video tower), spatial attention, feed-forward, each pre-norm with residual.</summary>
/// <remarks>LanguageBind's CLIPEncoderLayer with add_time_attn, or transformers' CLIPEncoderLayer. Rows are (clip, frame, position).</remarks>
public static class VisionBlock
{
    /// <summary>x (R, D) to y (R, D), R = clips · frames · positions.</summary>
    public static void Forward(ComputeQueue queue, VisionConfig config, VisionBlockWeights weights, Matrix x, Arena arena, Matrix y, StageTrace? trace = null)
    {
        using Arena.Scope scope = arena.Begin();
        int frames = x.Rows / config.Positions;
        if (weights.Temporal != null)
        {
            Matrix timed = arena.Take(x.Rows, x.Columns), attended = arena.Take(x.Rows, x.Columns);
            AddRows.Run(queue, x, weights.TemporalEmbedding!.Value, config.Positions, timed);
            var overTime = SequenceLayout.Temporal(frames / config.TemporalFrames, config.TemporalFrames, config.Positions);
            Attend(queue, config, weights.Temporal, timed, overTime, arena, attended, trace?.Within("temporal"));
            x = attended;
        }
        Matrix spatial = arena.Take(x.Rows, x.Columns);
        Attend(queue, config, weights.Spatial, x, SequenceLayout.Spatial(frames, config.Positions), arena, spatial, trace?.Within("spatial"));
        FeedForward(queue, config, weights, spatial, arena, y, trace?.Within("mlp"));
    }

    private static void Attend(ComputeQueue queue, VisionConfig config, VisionAttentionWeights weights, Matrix x, SequenceLayout layout, Arena arena,
        Matrix y, StageTrace? trace)
    {
        using Arena.Scope scope = arena.Begin();
        Matrix normed = arena.TakeActivations(x.Rows, x.Columns), qkv = arena.TakeActivations(x.Rows, 3 * x.Columns);
        Matrix context = arena.TakeActivations(x.Rows, x.Columns);
        LayerNorm.Run(queue, x, weights.NormWeight, weights.NormBias, config.LayerNormEpsilon, normed);
        Linear.Run(queue, weights.Qkv, normed, qkv, new Epilogue(weights.QkvBias));
        FullAttention.Run(queue, qkv, layout, config.Heads, context);
        Linear.Run(queue, weights.Out, context, y, new Epilogue(weights.OutBias, Residual: x));
        trace?.Record(("input", x), ("norm", normed), ("qkv", qkv), ("context", context), ("output", y));
    }

    private static void FeedForward(ComputeQueue queue, VisionConfig config, VisionBlockWeights weights, Matrix x, Arena arena, Matrix y, StageTrace? trace)
    {
        using Arena.Scope scope = arena.Begin();
        Matrix normed = arena.TakeActivations(x.Rows, x.Columns), wide = arena.TakeActivations(x.Rows, config.FeedForward);
        LayerNorm.Run(queue, x, weights.NormWeight, weights.NormBias, config.LayerNormEpsilon, normed);
        Linear.Run(queue, weights.Fc1, normed, wide, new Epilogue(weights.Fc1Bias, config.Activation));
        Linear.Run(queue, weights.Fc2, wide, y, new Epilogue(weights.Fc2Bias, Residual: x));
        trace?.Record(("input", x), ("norm", normed), ("activated", wide), ("output", y));
    }
}
