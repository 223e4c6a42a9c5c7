using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>One layer of a tower: temporal attention (original video tower), spatial attention, feed-forward, each
/// pre-norm with residual.</summary>
/// <remarks>LanguageBind's CLIPEncoderLayer with add_time_attn, or transformers' CLIPEncoderLayer. Rows are (clip,
/// frame, position).</remarks>
internal static class VisionBlock
{
    /// <summary>x (R, D) to y (R, D), which may not alias x; R = clips · frames · positions.</summary>
    /// <param name="a">Of R rows: what is computed on the way.</param>
    public static void Forward(ComputeQueue queue, VisionConfig config, VisionBlockWeights weights, Matrix x,
        in VisionActivations a, Matrix y, StageTrace? trace = null)
    {
        int frames = x.Rows / config.Positions;
        if (weights.Temporal != null)
        {
            Matrix timed = a.TemporalInput!.Value;
            AddRows.Run(queue, x, weights.TemporalEmbedding!.Value, config.Positions, timed);
            var overTime = SequenceLayout.Temporal(frames / config.TemporalFrames, config.TemporalFrames, config.Positions);
            x = Attend(queue, config, weights.Temporal, timed, overTime, a.Temporal!.Value, trace?.Within("temporal"));
        }
        var inFrame = SequenceLayout.Spatial(frames, config.Positions);
        x = Attend(queue, config, weights.Spatial, x, inFrame, a.Spatial, trace?.Within("spatial"));
        FeedForward(queue, config, weights, x, a, y, trace?.Within("mlp"));
    }

    private static Matrix Attend(ComputeQueue queue, VisionConfig config, VisionAttentionWeights weights, Matrix x, SequenceLayout layout,
        in VisionAttentionActivations a, StageTrace? trace)
    {
        LayerNorm.Run(queue, x, weights.NormWeight, weights.NormBias, config.LayerNormEpsilon, a.Norm, a.NormStatistics);
        Linear.Run(queue, weights.Qkv, a.Norm, a.Qkv, new Epilogue(weights.QkvBias));
        FullAttention.Run(queue, a.Qkv, layout, config.Heads, a.Context, a.LogSums);
        Linear.Run(queue, weights.Out, a.Context, a.Output, new Epilogue(weights.OutBias, Residual: x));
        trace?.Record(("input", x), ("norm", a.Norm), ("qkv", a.Qkv), ("context", a.Context), ("output", a.Output));
        return a.Output;
    }

    private static void FeedForward(ComputeQueue queue, VisionConfig config, VisionBlockWeights weights, Matrix x,
        in VisionActivations a, Matrix y, StageTrace? trace)
    {
        LayerNorm.Run(queue, x, weights.NormWeight, weights.NormBias, config.LayerNormEpsilon, a.Norm, a.NormStatistics);
        var activate = new Epilogue(weights.Fc1Bias, config.Activation, PreActivation: a.PreActivation);
        Linear.Run(queue, weights.Fc1, a.Norm, a.Activated, activate);
        Linear.Run(queue, weights.Fc2, a.Activated, y, new Epilogue(weights.Fc2Bias, Residual: x));
        trace?.Record(("input", x), ("norm", a.Norm), ("activated", a.Activated), ("output", y));
    }
}
