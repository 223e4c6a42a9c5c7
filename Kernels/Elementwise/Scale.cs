using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no benchmark: bound by memory, measured with a training step
/// <summary>x[r,c] ← factor · x[r,c], in place.</summary>
internal static partial class Scale
{
    public static void Run(ComputeQueue queue, Matrix x, float factor)
    {
        if (queue is CpuQueue cpu) Cpu(cpu, x, factor);
        else Gpu((IlgpuQueue)queue, x, factor);
    }
}
