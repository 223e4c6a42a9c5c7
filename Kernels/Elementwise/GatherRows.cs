using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no benchmark: bound by memory, measured with a training step
/// <summary>y[t] = x[rows[t]]: the patches that are kept, the class embedding of each frame, the last word of each text.</summary>
/// <remarks>
/// x (R, D), y (T, D), float32, not overlapping;  rows (T), each in 0..R-1. Its backward is that of a table of embeddings:
/// dx[rows[t]] += dy[t].
/// </remarks>
internal static partial class GatherRows
{
    public static void Run(ComputeQueue queue, Matrix x, IntVector rows, Matrix y)
    {
        Shapes.Is(y, rows.Length, x.Columns);
        if (queue is CpuQueue cpu) Cpu(cpu, x, rows, y);
        else Gpu((IlgpuQueue)queue, x, rows, y);
    }
}
