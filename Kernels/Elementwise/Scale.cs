using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no gpu: it serves training, which runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>x[r,c] ← factor · x[r,c], in place.</summary>
internal static partial class Scale
{
    public static void Run(ComputeQueue queue, Matrix x, float factor) => Cpu(CpuQueue.Of(queue), x, factor);
}
