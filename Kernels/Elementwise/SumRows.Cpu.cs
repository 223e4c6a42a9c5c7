using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class SumRows
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix y, int period)
        => queue.Workers.For(new Columns(new CpuRows(x), new CpuRows(y), period), (x.Columns + Columns.Width - 1) / Columns.Width);

    /// <summary>One item is some columns of all rows.</summary>
    private readonly struct Columns(CpuRows x, CpuRows y, int period) : ICpuJob
    {
        public const int Width = 64;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            double* sums = stackalloc double[Width];
            for (int item = begin; item < end; item++)
            {
                int first = item * Width, count = Math.Min(Width, x.Columns - first);
                for (int target = 0; target < y.Count; target++) Sum(target, first, count, sums);
            }
        }

        private void Sum(int target, int first, int count, double* sums)
        {
            new Span<double>(sums, count).Clear();
            for (int start = target * period; start < x.Count; start += y.Count * period)
            {
                for (int row = start; row < Math.Min(start + period, x.Count); row++)
                {
                    float* source = x[row] + first;
                    for (int c = 0; c < count; c++) sums[c] += source[c];
                }
            }
            float* to = y[target] + first;
            for (int c = 0; c < count; c++) to[c] = (float)(to[c] + sums[c]);
        }
    }
}
