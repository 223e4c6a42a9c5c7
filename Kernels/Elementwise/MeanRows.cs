using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no benchmark: bound by memory, measured with a training step
/// <summary>The mean of each run of rows, as of a clip's frames: y[i] = Σ_{j &lt; n} x[i·n + j] / n.</summary>
/// <remarks>x, dx (R·n, D);  y, dy (R, D). Backward: dx[i·n + j] = dy[i] / n, replaced. Nothing aliases.</remarks>
internal static partial class MeanRows
{
    public static void Run(ComputeQueue queue, Matrix x, Matrix y)
    {
        Shapes.Is(x, x.Rows / y.Rows * y.Rows, y.Columns);
        if (queue is CpuQueue cpu) Cpu(cpu, x, y);
        else Gpu((IlgpuQueue)queue, x, y);
    }

    public static void Backward(ComputeQueue queue, Matrix dy, Matrix dx)
    {
        Shapes.Is(dx, dx.Rows / dy.Rows * dy.Rows, dy.Columns);
        if (queue is CpuQueue cpu) Backward(cpu, dy, dx);
        else BackwardGpu((IlgpuQueue)queue, dy, dx);
    }
}
