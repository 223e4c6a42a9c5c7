namespace EdgeVideoLlava.Kernels;

/// <summary>y[p[r]] = x[r]: new keys or values go to their positions in the KV cache.</summary>
/// <remarks>x (R, D);  positions p (R), distinct, below y.Rows (the cache grows before);  y (capacity, D).</remarks>
public static partial class ScatterRows
{
    public static void Run(ComputeQueue queue, Matrix x, IntVector positions, Matrix y)
    {
        Shapes.Is(x, positions.Length, y.Columns);
        if (queue is CpuQueue cpu) Cpu(cpu, x, positions, y);
        else Gpu((IlgpuQueue)queue, x, positions, y);
    }
}
