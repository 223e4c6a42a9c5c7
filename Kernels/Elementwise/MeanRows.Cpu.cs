using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class MeanRows
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix y)
        => queue.Workers.For(new Means(new CpuRows(x), new CpuRows(y)), y.Rows, 4);

    private static void Backward(CpuQueue queue, Matrix dy, Matrix dx)
        => queue.Workers.For(new Shares(new CpuRows(dy), new CpuRows(dx)), dx.Rows, 16);

    private readonly struct Means(CpuRows x, CpuRows y) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int count = x.Count / y.Count;
            for (int row = begin; row < end; row++)
            {
                for (int c = 0; c < y.Columns; c++)
                {
                    double sum = 0;
                    for (int j = 0; j < count; j++) sum += x[row * count + j][c];
                    y[row][c] = (float)(sum / count);
                }
            }
        }
    }

    private readonly struct Shares(CpuRows dy, CpuRows dx) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int count = dx.Count / dy.Count;
            for (int row = begin; row < end; row++)
            {
                float* source = dy[row / count], target = dx[row];
                for (int c = 0; c < dx.Columns; c++) target[c] = source[c] / count;
            }
        }
    }
}
