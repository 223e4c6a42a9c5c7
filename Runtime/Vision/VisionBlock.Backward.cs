using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;

namespace EdgeVideoLlava.Runtime.Vision;

internal static partial class VisionBlock
{
    /// <summary>dy (R, D), the gradient of the layer's output, to dx (R, D), that of its input x; they may be the same memory.</summary>
    /// <param name="a">What the forward computed from x.</param>
    /// <param name="g">Added to.</param>
    public static void Backward(ComputeQueue queue, VisionConfig config, VisionBlockWeights weights, Matrix x, in VisionActivations a,
        in VisionDerivatives d, VisionBlockGradients g, Matrix dy, Matrix dx)
    {
        WithinBackward(queue, config, weights, a.Temporal?.Output ?? x, InFrame(config, x.Rows), a, d, g, dy, dx);
        if (weights.Temporal == null) return;
        AttendBackward(queue, config, weights.Temporal, a.TemporalInput!.Value, OverTime(config, x.Rows), a.Temporal!.Value, d,
            g.Temporal!, dx, dx);
        if (g.TemporalEmbedding is { } embedding) SumRows.Run(queue, dx, embedding, config.Positions);
    }

    /// <summary>The same without temporal attention, of rows that see others as they say.</summary>
    public static void WithinBackward(ComputeQueue queue, VisionConfig config, VisionBlockWeights weights, Matrix x, IAttendedRows rows,
        in VisionActivations a, in VisionDerivatives d, VisionBlockGradients g, Matrix dy, Matrix dx)
    {
        Linear.WeightBackward(queue, dy, a.Activated, g.Fc2, g.Fc2Bias);
        Linear.InputBackward(queue, weights.Fc2, dy, d.Hidden);
        Activate.Backward(queue, config.Activation, a.PreActivation!.Value, d.Hidden, d.Hidden);
        Linear.WeightBackward(queue, d.Hidden, a.Norm, g.Fc1, g.Fc1Bias);
        Linear.InputBackward(queue, weights.Fc1, d.Hidden, d.Norm);
        LayerNorm.Backward(queue, a.Spatial.Output, weights.NormWeight, a.NormStatistics!.Value, d.Norm, d.Attended, residual: dy,
            g.NormWeight, g.NormBias);
        AttendBackward(queue, config, weights.Spatial, x, rows, a.Spatial, d, g.Spatial, d.Attended, dx);
    }

    private static void AttendBackward(ComputeQueue queue, VisionConfig config, VisionAttentionWeights weights, Matrix x,
        IAttendedRows rows, in VisionAttentionActivations a, in VisionDerivatives d, VisionAttentionGradients g, Matrix dy, Matrix dx)
    {
        Linear.WeightBackward(queue, dy, a.Context, g.Out, g.OutBias);
        Linear.InputBackward(queue, weights.Out, dy, d.Context);
        rows.Backward(queue, a.Qkv, config.Heads, a.Context, a.LogSums!.Value, d.Context, d.Qkv);
        Linear.WeightBackward(queue, d.Qkv, a.Norm, g.Qkv, g.QkvBias);
        Linear.InputBackward(queue, weights.Qkv, d.Qkv, d.Norm);
        LayerNorm.Backward(queue, x, weights.NormWeight, a.NormStatistics!.Value, d.Norm, dx, residual: dy, g.NormWeight, g.NormBias);
    }
}
