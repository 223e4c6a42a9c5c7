using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Norm;

/// <summary>y = x / sqrt(mean(x²) + ε) · w, row by row (Zhang and Sennrich, arXiv:1910.07467; LlamaRMSNorm).</summary>
/// <remarks>x, y (T, D);  w (1, D). y may not alias x.</remarks>
public static partial class RmsNorm
{
    public static void Run(ComputeQueue queue, Matrix x, Matrix weight, float epsilon, Matrix y)
    {
        Shapes.Same(x, y);
        Shapes.Vector(weight, x.Columns);
        if (queue is CpuQueue cpu) Cpu(cpu, x, weight, epsilon, y);
        else Gpu((IlgpuQueue)queue, x, weight, epsilon, y);
    }
}
