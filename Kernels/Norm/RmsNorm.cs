using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Norm;

/// <summary>y = x / sqrt(mean(x²) + ε) · w, row by row (Zhang and Sennrich, arXiv:1910.07467; LlamaRMSNorm).</summary>
/// <remarks>
/// x, y (T, D);  w (1, D). y may not alias x.
/// scale (T, 1), float32, where a backward asks for it: 1 / sqrt(mean(x²) + ε) of each row.
/// </remarks>
internal static partial class RmsNorm
{
    /// <param name="scale">Kept for a backward; null in inference.</param>
    public static void Run(ComputeQueue queue, Matrix x, Matrix weight, float epsilon, Matrix y, Matrix? scale = null)
    {
        Shapes.Same(x, y);
        Shapes.Vector(weight, x.Columns);
        if (scale is { } kept) Shapes.Is(kept, x.Rows, 1);
        if (queue is CpuQueue cpu) Cpu(cpu, x, weight, epsilon, y, scale);
        else Gpu((IlgpuQueue)queue, x, weight, epsilon, y, scale);
    }
}
