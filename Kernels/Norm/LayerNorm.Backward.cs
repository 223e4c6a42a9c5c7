using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

// no gpu: a backward runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>Backward of y = (x − mean) · s · w + b, s = 1 / sqrt(var + ε) of the row.</summary>
/// <remarks>
/// n = (x − mean) · s;   dx = residual + s · (w dy − mean(w dy) − n · mean(w dy n));   dw += Σ_t dy n;   db += Σ_t dy
/// x, dy, dx, residual (T, D);  statistics (T, 2), mean and s, as the forward kept them;  w, dw, db (1, D). dx may alias dy or the
/// residual, not x.
/// </remarks>
internal static partial class LayerNorm
{
    /// <param name="dx">Null where nothing before the norm learns.</param>
    /// <param name="residual">The gradient that passes by the norm; null: none.</param>
    public static void Backward(ComputeQueue queue, Matrix x, Matrix weight, Matrix statistics, Matrix dy, Matrix? dx, Matrix? residual,
        Matrix? dWeight, Matrix? dBias)
    {
        Shapes.Same(x, dy);
        Shapes.Vector(weight, x.Columns);
        Shapes.Is(statistics, x.Rows, 2);
        if (dWeight is { } dw) Shapes.Vector(dw, x.Columns);
        if (dBias is { } db) Shapes.Vector(db, x.Columns);
        if (dx is { } target) Shapes.Same(x, target);
        if (residual is { } passing) Shapes.Same(x, passing);
        Backward(CpuQueue.Of(queue), x, weight, statistics, dy, dx, residual, dWeight, dBias);
    }
}
