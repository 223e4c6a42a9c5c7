using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Elementwise;

/// <summary>y[r] = weight[first + r]: a weight's numbers as float32, exactly.</summary>
/// <remarks>weight (R, D) of any type that a device keeps;  y (rows, D).</remarks>
internal static partial class DequantizeRows
{
    public static void Run(ComputeQueue queue, Weight weight, int first, Matrix y)
    {
        Shapes.Is(y, y.Rows, weight.Columns);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, weight.Rows - y.Rows);
        if (queue is CpuQueue cpu) Cpu(cpu, weight, first, y);
        else Gpu((IlgpuQueue)queue, weight, first, y);
    }
}
