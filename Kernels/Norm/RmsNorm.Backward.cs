using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

// no gpu: a backward runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>Backward of y = x · s · w, s = 1 / sqrt(mean(x²) + ε) of the row.</summary>
/// <remarks>
/// n = x · s;   dx = residual + s · (w dy − n · mean(w dy n));   dw += Σ_t dy n
/// x, dy, dx, residual (T, D);  scale (T, 1) as the forward kept it;  w, dw (1, D). dx may alias dy or the residual, not x.
/// </remarks>
internal static partial class RmsNorm
{
    /// <param name="dx">Null where nothing before the norm learns.</param>
    /// <param name="residual">The gradient that passes by the norm; null: none.</param>
    /// <param name="dWeight">Null where the weight is frozen.</param>
    public static void Backward(ComputeQueue queue, Matrix x, Matrix weight, Matrix scale, Matrix dy, Matrix? dx, Matrix? residual,
        Matrix? dWeight)
    {
        Shapes.Same(x, dy);
        Shapes.Vector(weight, x.Columns);
        Shapes.Is(scale, x.Rows, 1);
        if (dWeight is { } dw) Shapes.Vector(dw, x.Columns);
        if (dx is { } target) Shapes.Same(x, target);
        if (residual is { } passing) Shapes.Same(x, passing);
        Backward(CpuQueue.Of(queue), x, weight, scale, dy, dx, residual, dWeight);
    }
}
