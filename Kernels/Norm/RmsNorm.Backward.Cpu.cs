using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

internal static unsafe partial class RmsNorm
{
    private static void Backward(CpuQueue queue, Matrix x, Matrix weight, Matrix scale, Matrix dy, Matrix? dx, Matrix? residual,
        Matrix? dWeight)
    {
        var norm = new NormBackward(new CpuRows(x), new CpuRows(scale), new CpuRows(dy));
        if (dWeight != null) NormBackward.Weights(queue, norm, dWeight, null);
        if (dx is { } target) NormBackward.Inputs(queue, norm, weight, target, residual); // last: it may take the place of dy
    }
}
