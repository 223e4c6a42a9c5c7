using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

internal static unsafe partial class LayerNorm
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix weight, Matrix bias, float epsilon, Matrix y, Matrix? statistics)
    {
        var rows = new Rows(new CpuRows(x), weight.Cpu(), bias.Cpu(), epsilon, new CpuRows(y), new CpuRows(statistics));
        queue.Workers.For(rows, x.Rows, 4);
    }

    private readonly struct Rows(CpuRows x, float* weight, float* bias, float epsilon, CpuRows y, CpuRows statistics) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x[row], target = y[row];
                float mean = (float)(Reduce.Sum<V>(source, x.Columns) / x.Columns);
                float scale = (float)(1 / Math.Sqrt(Reduce.Squares<V>(source, x.Columns, mean) / x.Columns + epsilon));
                if (statistics.Exist) (statistics[row][0], statistics[row][1]) = (mean, scale);
                int done = Scale<V>(source, mean, scale, target, 0);
                Scale<Lanes1>(source, mean, scale, target, done);
            }
        }

        private int Scale<V>(float* source, float mean, float scale, float* target, int c) where V : unmanaged, ILanes<V>
        {
            V center = V.All(mean), factor = V.All(scale);
            for (; c + V.Count <= x.Columns; c += V.Count)
                V.MultiplyAdd((V.Load(source + c) - center) * factor, V.Load(weight + c), V.Load(bias + c)).Store(target + c);
            return c;
        }
    }
}
