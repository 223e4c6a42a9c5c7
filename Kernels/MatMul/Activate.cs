using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.MatMul;

// no gpu: a backward runs on the processor; inference has its activations in the products
// no benchmark: bound by memory, measured with a training step
/// <summary>An activation for itself, where something is added before it that the product does not know, and its backward.</summary>
/// <remarks>
/// y = f(z);   SiLU·up: y[t,i] = silu(z[t,i]) · z[t,F+i]
/// dz = dy · f'(z);   SiLU·up: dz[t,i] = dy[t,i] · z[t,F+i] · silu'(z[t,i]), dz[t,F+i] = dy[t,i] · silu(z[t,i])
/// z, dz (T, R);  y, dy (T, R), or (T, R/2) for SiLU·up; float32. dz may alias z.
/// </remarks>
internal static partial class Activate
{
    public static void Run(ComputeQueue queue, Activation activation, Matrix z, Matrix y)
    {
        Shapes.Is(y, z.Rows, Outputs(activation, z));
        Forward(CpuQueue.Of(queue), activation, z, y);
    }

    /// <summary>The gradient before the activation.</summary>
    public static void Backward(ComputeQueue queue, Activation activation, Matrix z, Matrix dy, Matrix dz)
    {
        Shapes.Same(z, dz);
        Shapes.Is(dy, z.Rows, Outputs(activation, z));
        Backward(CpuQueue.Of(queue), activation, z, dy, dz);
    }

    private static int Outputs(Activation activation, Matrix z) => activation == Activation.SiluUp ? z.Columns / 2 : z.Columns;
}
