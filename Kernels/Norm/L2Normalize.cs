using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Norm;

// no benchmark: bound by memory, measured with a training step
/// <summary>Rows of length one: y = x / ‖x‖, and its backward dx = (dy − y (y · dy)) / ‖x‖.</summary>
/// <remarks>x, y, dy, dx (T, D), float32. y may alias x, dx may alias dy. A row of zeros stays one, and has no gradient.</remarks>
internal static partial class L2Normalize
{
    public static void Run(ComputeQueue queue, Matrix x, Matrix y)
    {
        Shapes.Same(x, y);
        if (queue is CpuQueue cpu) Cpu(cpu, x, y);
        else Gpu((IlgpuQueue)queue, x, y);
    }

    public static void Backward(ComputeQueue queue, Matrix x, Matrix dy, Matrix dx)
    {
        Shapes.Same(x, dy);
        Shapes.Same(x, dx);
        if (queue is CpuQueue cpu) Backward(cpu, x, dy, dx);
        else BackwardGpu((IlgpuQueue)queue, x, dy, dx);
    }
}
