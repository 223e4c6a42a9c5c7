using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.MatMul;

// no gpu: PlainProduct.Gpu.cs
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
        Matrix? numbers = weight.Buffer.Type == StorageType.F32 ? queue.Device.Numbers(weight) : null;
        if (numbers is { } whole) PlainProduct.Run(queue, dz, false, whole, dx, add);
        else DequantizedBackward(queue, weight, dz, dx, add);
    }

    /// <summary>Adds to the gradients of the weight and, where there is one, of the bias.</summary>
    public static void WeightBackward(ComputeQueue queue, Matrix dz, Matrix x, Matrix? dWeight, Matrix? dBias = null)
    {
        if (dWeight is { } dw)
        {
            Shapes.Is(x, dz.Rows, dw.Columns);
            Shapes.Is(dw, dz.Columns, x.Columns);
            PlainProduct.Run(queue, dz, true, x, dw, true);
        }
        if (dBias is { } db) SumRows.Run(queue, dz, db);
    }

    // So much of a weight of another type exists as float32 at a time.
    private const int DequantizedNumbers = 1 << 22;

    private static void DequantizedBackward(ComputeQueue queue, Weight weight, Matrix dz, Matrix dx, bool add)
    {
        Arena scratch = queue is CpuQueue cpu ? cpu.Scratch : ((IlgpuQueue)queue).Scratch;
        using Arena.Scope scope = scratch.Begin();
        int atOnce = Math.Clamp(DequantizedNumbers / weight.Columns, 1, weight.Rows);
        Matrix numbers = scratch.Take(atOnce, weight.Columns);
        for (int row = 0; row < weight.Rows; row += atOnce)
        {
            int count = Math.Min(atOnce, weight.Rows - row);
            DequantizeRows.Run(queue, weight, row, numbers.RowRange(0, count));
            PlainProduct.Run(queue, dz.ColumnRange(row, count), false, numbers.RowRange(0, count), dx, add || row > 0);
        }
    }
}
