using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

public static unsafe partial class LayerNorm
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix weight, Matrix bias, float epsilon, Matrix y, Matrix? statistics)
    {
        var rows = new Rows(x.Cpu(), x.Stride, weight.Cpu(), bias.Cpu(), epsilon, y.Cpu(), y.Stride,
            statistics.CpuOrNull(), statistics?.Stride ?? 0, x.Columns);
        queue.Workers.For(rows, x.Rows, 4);
    }

    private readonly struct Rows(
        float* x, int strideX, float* weight, float* bias, float epsilon, float* y, int strideY, float* statistics, int strideS,
        int columns) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x + (long)row * strideX, target = y + (long)row * strideY;
                float mean = (float)(Reduce.Sum<V>(source, columns) / columns);
                float scale = (float)(1 / Math.Sqrt(Reduce.Squares<V>(source, columns, mean) / columns + epsilon));
                if (statistics != null) (statistics[(long)row * strideS], statistics[(long)row * strideS + 1]) = (mean, scale);
                int done = Scale<V>(source, mean, scale, target, 0);
                Scale<Lanes1>(source, mean, scale, target, done);
            }
        }

        private int Scale<V>(float* source, float mean, float scale, float* target, int c) where V : unmanaged, ILanes<V>
        {
            V center = V.All(mean), factor = V.All(scale);
            for (; c + V.Count <= columns; c += V.Count)
                V.MultiplyAdd((V.Load(source + c) - center) * factor, V.Load(weight + c), V.Load(bias + c)).Store(target + c);
            return c;
        }
    }
}
