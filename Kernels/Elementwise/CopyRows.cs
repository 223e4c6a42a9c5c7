using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Elementwise;

/// <summary>y[r] = x[r]: puts rows from one matrix into another (visual tokens into the prompt, a cache into a larger one).</summary>
/// <remarks>x, y (R, D), of the same type, any strides, not overlapping.</remarks>
internal static partial class CopyRows
{
    public static void Run(ComputeQueue queue, Matrix x, Matrix y)
    {
        Shapes.Same(x, y);
        if (x.Type != y.Type) throw new ArgumentException($"rows of {x.Type} do not go into rows of {y.Type}: ConvertRows converts");
        if (queue is CpuQueue cpu) Cpu(cpu, x, y);
        else Gpu((IlgpuQueue)queue, x, y);
    }
}
