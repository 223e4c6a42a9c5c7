using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>One layer of a tower: temporal attention (original video tower), spatial attention, feed-forward, each
/// pre-norm with residual.</summary>
/// <remarks>LanguageBind's CLIPEncoderLayer with add_time_attn, or transformers' CLIPEncoderLayer, also that of a text. Rows are (clip,
/// frame, position), or those of texts one after the other.</remarks>
internal static partial class VisionBlock
{
    /// <summary>x (R, D) to y (R, D), which may not alias x; R = clips · frames · positions.</summary>
    /// <param name="a">Of R rows: what is computed on the way.</param>
    public static void Forward(ComputeQueue queue, VisionConfig config, VisionBlockWeights weights, Matrix x,
        in VisionActivations a, Matrix y, StageTrace? trace = null)
    {
        if (weights.Temporal != null)
        {
            Matrix timed = a.TemporalInput!.Value;
            AddRows.Run(queue, x, weights.TemporalEmbedding!.Value, config.Positions, timed);
            x = Attend(queue, config, weights.Temporal, timed, OverTime(config, x.Rows), a.Temporal!.Value, trace?.Within("temporal"));
        }
        Within(queue, config, weights, x, InFrame(config, x.Rows), a, y, trace);
    }

    /// <summary>The same without temporal attention, of rows that see others as they say.</summary>
    public static void Within(ComputeQueue queue, VisionConfig config, VisionBlockWeights weights, Matrix x, IAttendedRows rows,
        in VisionActivations a, Matrix y, StageTrace? trace = null)
    {
        x = Attend(queue, config, weights.Spatial, x, rows, a.Spatial, trace?.Within("spatial"));
        FeedForward(queue, config, weights, x, a, y, trace?.Within("mlp"));
    }

    private static AllRows OverTime(VisionConfig config, int rows) => new(SequenceLayout.Temporal(
        rows / config.Positions / config.TemporalFrames, config.TemporalFrames, config.Positions));

    private static AllRows InFrame(VisionConfig config, int rows) => new(SequenceLayout.Spatial(rows / config.Positions, config.Positions));

    private static Matrix Attend(ComputeQueue queue, VisionConfig config, VisionAttentionWeights weights, Matrix x, IAttendedRows rows,
        in VisionAttentionActivations a, StageTrace? trace)
    {
        LayerNorm.Run(queue, x, weights.NormWeight, weights.NormBias, config.LayerNormEpsilon, a.Norm, a.NormStatistics);
        Linear.Run(queue, weights.Qkv, a.Norm, a.Qkv, new Epilogue(weights.QkvBias));
        rows.Run(queue, a.Qkv, config.Heads, a.Context, a.LogSums);
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
