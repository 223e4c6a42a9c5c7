using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no gpu: a backward runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>y[i] += Σ_r x[r] over rows r with r / period % L = i: gradients of a bias (one row), of an embedding of frames.</summary>
/// <remarks>x (R, D);  y (L, D);  period = rows of a frame. Sums are made in the order of the rows.</remarks>
internal static partial class SumRows
{
    public static void Run(ComputeQueue queue, Matrix x, Matrix y, int period = 1)
    {
        Shapes.Is(y, y.Rows, x.Columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, 1);
        Cpu(CpuQueue.Of(queue), x, y, period);
    }
}
