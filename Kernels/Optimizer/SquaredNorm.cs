using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Optimizer;

// no benchmark: bound by memory, measured with a training step
/// <summary>Σ x² in double, in one order whatever the number of threads; not finite if a number of x is not.</summary>
/// <remarks>x (R, C), float32. Waits for the queue.</remarks>
internal static partial class SquaredNorm
{
    public static double Of(ComputeQueue queue, Matrix x)
        => queue is CpuQueue cpu ? Cpu(cpu, x) : Gpu((IlgpuQueue)queue, x);
}
