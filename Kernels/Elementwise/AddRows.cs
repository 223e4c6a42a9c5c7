using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Elementwise;

/// <summary>y[r] = x[r] + table[r / period % L]: the temporal embedding, one row of the table for each frame.</summary>
/// <remarks>x, y (R, D);  table (L, D);  period = rows of a frame. y may alias x.</remarks>
internal static partial class AddRows
{
    public static void Run(ComputeQueue queue, Matrix x, Matrix table, int period, Matrix y)
    {
        Shapes.Same(x, y);
        Shapes.Is(table, table.Rows, x.Columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, 1);
        if (queue is CpuQueue cpu) Cpu(cpu, x, table, period, y);
        else Gpu((IlgpuQueue)queue, x, table, period, y);
    }
}
