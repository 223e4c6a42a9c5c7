using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Norm;

/// <summary>y = (x − mean) / sqrt(var + ε) · w + b, row by row, variance over all D (Ba et al., arXiv:1607.06450).</summary>
/// <remarks>x, y (T, D);  w, b (1, D). y may not alias x.</remarks>
public static partial class LayerNorm
{
    public static void Run(ComputeQueue queue, Matrix x, Matrix weight, Matrix bias, float epsilon, Matrix y)
    {
        Shapes.Same(x, y);
        Shapes.Vector(weight, x.Columns);
        Shapes.Vector(bias, x.Columns);
        if (queue is CpuQueue cpu) Cpu(cpu, x, weight, bias, epsilon, y);
        else Gpu((IlgpuQueue)queue, x, weight, bias, epsilon, y);
    }
}
