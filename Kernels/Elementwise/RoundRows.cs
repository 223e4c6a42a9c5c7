using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no benchmark: bound by memory, measured with a training step
/// <summary>weight[r] = x[r], rounded to binary16 or bfloat16: a trained weight follows its float32 master.</summary>
/// <remarks>
/// x (R, D) float32;  weight (R, D) F16 or BF16, in the order in which its device keeps it. To nearest, ties to even; beyond the range
/// stands infinity.
/// </remarks>
internal static partial class RoundRows
{
    public static void Run(ComputeQueue queue, Matrix x, Weight weight)
    {
        Shapes.Is(x, weight.Rows, weight.Columns);
        if (weight.Buffer.Type is not (StorageType.F16 or StorageType.BF16))
            throw new ArgumentException($"{weight.Name}: {weight.Buffer.Type} has no masters of float32");
        if (queue is CpuQueue cpu) Cpu(cpu, x, weight);
        else Gpu((IlgpuQueue)queue, x, weight);
    }
}
