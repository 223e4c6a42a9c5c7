using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Elementwise;

/// <summary>y[r] = x[r] in another type: float32 to binary16 and back, bfloat16 to float32.</summary>
/// <remarks>
/// x, y (R, D), of any strides, not overlapping. binary16 is rounded to nearest, ties to even; beyond its range stands infinity, NaN stays
/// NaN. The other directions are exact.
/// </remarks>
internal static partial class ConvertRows
{
    public static void Run(ComputeQueue queue, Matrix x, Matrix y)
    {
        Shapes.Same(x, y);
        if ((x.Type, y.Type) is not ((StorageType.F32, StorageType.F16) or (StorageType.F16 or StorageType.BF16, StorageType.F32)))
            throw new ArgumentException($"there is no conversion of {x.Type} to {y.Type}");
        if (queue is CpuQueue cpu) Cpu(cpu, x, y);
        else Gpu((IlgpuQueue)queue, x, y);
    }
}
