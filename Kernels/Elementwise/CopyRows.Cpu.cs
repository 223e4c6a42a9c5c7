namespace EdgeVideoLlava.Kernels;

public static unsafe partial class CopyRows
{
    // Memory-bound and rare: one thread.
    private static void Cpu(CpuQueue queue, Matrix x, Matrix y)
    {
        _ = queue;
        for (int row = 0; row < x.Rows; row++)
            Buffer.MemoryCopy(x.Cpu() + (long)row * x.Stride, y.Cpu() + (long)row * y.Stride, 4L * x.Columns, 4L * x.Columns);
    }
}
