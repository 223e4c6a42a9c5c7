using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Optimizer;

internal static unsafe partial class SquaredNorm
{
    private static double Cpu(CpuQueue queue, Matrix x)
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        Matrix sums = queue.Scratch.Take(x.Rows, 2); // a double's bits each
        queue.Workers.For(new Rows(new CpuRows(x), (double*)sums.Cpu()), x.Rows, 16);
        double sum = 0;
        for (int row = 0; row < x.Rows; row++) sum += ((double*)sums.Cpu())[row];
        return sum;
    }

    private readonly struct Rows(CpuRows x, double* sums) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                double sum = 0;
                float* numbers = x[row];
                for (int c = 0; c < x.Columns; c++) sum += (double)numbers[c] * numbers[c];
                sums[row] = sum;
            }
        }
    }
}
