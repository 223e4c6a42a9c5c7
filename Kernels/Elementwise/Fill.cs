using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no gpu: a backward runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>y[r,c] = value: gradients before they are summed.</summary>
internal static partial class Fill
{
    public static void Run(ComputeQueue queue, Matrix y, float value) => Cpu(CpuQueue.Of(queue), y, value);
}
