using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

internal static unsafe partial class LayerNorm
{
    private static void Backward(CpuQueue queue, Matrix x, Matrix weight, Matrix statistics, Matrix dy, Matrix? dx, Matrix? residual,
        Matrix? dWeight, Matrix? dBias)
    {
        var norm = new NormBackward(new CpuRows(x), new CpuRows(statistics), new CpuRows(dy));
        if (dWeight != null || dBias != null) NormBackward.Weights(queue, norm, dWeight, dBias);
        if (dx is { } target) NormBackward.Inputs(queue, norm, weight, target, residual); // last: it may take the place of dy
    }
}
