using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Elementwise;

/// <summary>weight[r] = x[r] in blocks of Q8_0 or Q4_0: the same bits as <see cref="Pack"/> gives, on every device.</summary>
/// <remarks>
/// x (R, D) float32, on an accelerator also binary16;  weight (R, D) from <see cref="ComputeDevice.AllocateWeight"/>;
///  misfits (1): set to 1 if a
/// number is not finite or too large for the type's scales (the blocks then mean nothing), else left as it is, so
/// that many calls may share it.
/// </remarks>
internal static partial class QuantizeRows
{
    public static void Run(ComputeQueue queue, Matrix x, Weight weight, IntVector misfits)
    {
        Shapes.Is(x, weight.Rows, weight.Columns);
        Shapes.Length(misfits, 1);
        if (weight.Type is not (StorageType.Q8_0 or StorageType.Q4_0))
            throw new ArgumentException($"{weight.Name}: {weight.Type} is not quantized on a device");
        if (queue is CpuQueue cpu) Cpu(cpu, x, weight, misfits);
        else Gpu((IlgpuQueue)queue, x, weight, misfits);
    }
}
