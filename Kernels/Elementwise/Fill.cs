using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no benchmark: bound by memory, measured with a training step
/// <summary>y[r,c] = value: gradients before they are summed.</summary>
internal static partial class Fill
{
    public static void Run(ComputeQueue queue, Matrix y, float value)
    {
        if (queue is CpuQueue cpu) Cpu(cpu, y, value);
        else Gpu((IlgpuQueue)queue, y, value);
    }
}
