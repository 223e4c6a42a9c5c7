using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Runtime.Projector;

/// <summary>f_P (mlp2x_gelu): Linear, exact GELU, Linear; one projector for pictures and clips.</summary>
/// <param name="First">(D of the language model, D of the towers)</param>
/// <param name="Second">(D of the language model, D of the language model)</param>
public sealed record MlpProjector(Weight First, Matrix FirstBias, Weight Second, Matrix SecondBias)
{
    public VisionTokens Forward(ComputeQueue queue, VisionFeatures features, Arena arena)
    {
        using Arena.Scope scope = arena.Begin();
        Matrix hidden = arena.TakeActivations(features.Rows.Rows, First.Rows), projected = queue.Device.AllocateMatrix(features.Rows.Rows, Second.Rows);
        Linear.Run(queue, First, features.Rows, hidden, new Epilogue(FirstBias, Activation.Gelu));
        Linear.Run(queue, Second, hidden, projected, new Epilogue(SecondBias));
        return new VisionTokens(projected, features.Blocks, features.RowsPerBlock, features.IsClip, queue);
    }
}
