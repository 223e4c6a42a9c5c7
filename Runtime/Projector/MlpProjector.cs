using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime.Projector;

/// <summary>f_P (mlp2x_gelu): Linear, exact GELU, Linear; one projector for pictures and clips.</summary>
/// <param name="First">(D of the language model, D of the towers)</param>
/// <param name="Second">(D of the language model, D of the language model)</param>
internal sealed partial record MlpProjector(Weight First, Matrix FirstBias, Weight Second, Matrix SecondBias)
{
    /// <summary>Features (R, D of the towers), which stay as they are, to tokens (R, D of the language model).</summary>
    /// <param name="a">Of R rows: what is computed on the way.</param>
    public VisionTokens Forward(ComputeQueue queue, VisionFeatures features, in ProjectorActivations a)
    {
        Matrix projected = queue.Device.AllocateMatrix(features.Rows.Rows, Second.Rows);
        Linear.Run(queue, First, features.Rows, a.Hidden, new Epilogue(FirstBias, Activation.Gelu, PreActivation: a.PreActivation));
        Linear.Run(queue, Second, a.Hidden, projected, new Epilogue(SecondBias));
        return new VisionTokens(projected, features.Blocks, features.RowsPerBlock, features.IsClip, queue);
    }
}
