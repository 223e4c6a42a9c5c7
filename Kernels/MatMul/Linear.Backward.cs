using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;

namespace EdgeVideoLlava.Kernels.MatMul;

// no gpu: a backward runs on the processor
// no benchmark: its products are measured with a training step
/// <summary>Backward of z = b + x Wᵀ, with dz the gradient of z.</summary>
/// <remarks>
/// dx[t,c] = Σ_r dz[t,r] · W[r,c];   dW[r,c] += Σ_t dz[t,r] · x[t,c];   db[r] += Σ_t dz[t,r]
/// dz (T, R), x, dx (T, C), dW (R, C), db (1, R), all float32;  W (R, C) of any type. dx aliases nothing.
/// </remarks>
internal static partial class Linear
{
    /// <param name="add">Adds to dx instead of replacing it.</param>
    public static void InputBackward(ComputeQueue queue, Weight weight, Matrix dz, Matrix dx, bool add = false)
    {
        Shapes.Is(dz, dx.Rows, weight.Rows);
        Shapes.Is(dx, dz.Rows, weight.Columns);
        InputBackward(CpuQueue.Of(queue), weight, dz, dx, add);
    }

    /// <summary>Adds to the gradients of the weight and, where there is one, of the bias.</summary>
    public static void WeightBackward(ComputeQueue queue, Matrix dz, Matrix x, Matrix? dWeight, Matrix? dBias = null)
    {
        if (dWeight is { } dw)
        {
            Shapes.Is(x, dz.Rows, dw.Columns);
            Shapes.Is(dw, dz.Columns, x.Columns);
            PlainProduct.Run(CpuQueue.Of(queue), dz, true, x, dw, true);
        }
        if (dBias is { } db) SumRows.Run(queue, dz, db);
    }
}
