namespace EdgeVideoLlava.Kernels;

public static unsafe partial class ScatterRows
{
    private static void Cpu(CpuQueue queue, Matrix x, IntVector positions, Matrix y)
        => queue.Workers.For(new Rows(x.Cpu(), x.Stride, positions.Cpu(), y.Cpu(), y.Stride, x.Columns), x.Rows, 64);

    private readonly struct Rows(float* x, int strideX, int* positions, float* y, int strideY, int columns) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
                Buffer.MemoryCopy(x + (long)row * strideX, y + (long)positions[row] * strideY, 4L * columns, 4L * columns);
        }
    }
}
