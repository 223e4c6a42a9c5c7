using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Norm;

/// <summary>y = (x − mean) / sqrt(var + ε) · w + b, row by row, variance over all D (Ba et al., arXiv:1607.06450).</summary>
/// <remarks>
/// x, y (T, D);  w, b (1, D). y may not alias x.
/// statistics (T, 2), float32, where a backward asks for them: mean and 1 / sqrt(var + ε) of each row.
/// </remarks>
internal static partial class LayerNorm
{
    /// <param name="statistics">Kept for a backward; null in inference.</param>
    public static void Run(ComputeQueue queue, Matrix x, Matrix weight, Matrix bias, float epsilon, Matrix y, Matrix? statistics = null)
    {
        Shapes.Same(x, y);
        Shapes.Vector(weight, x.Columns);
        Shapes.Vector(bias, x.Columns);
        if (statistics is { } kept) Shapes.Is(kept, x.Rows, 2);
        if (queue is CpuQueue cpu) Cpu(cpu, x, weight, bias, epsilon, y, statistics);
        else Gpu((IlgpuQueue)queue, x, weight, bias, epsilon, y, statistics);
    }
}
