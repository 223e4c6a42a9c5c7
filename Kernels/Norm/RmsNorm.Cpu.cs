using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

internal static unsafe partial class RmsNorm
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix weight, float epsilon, Matrix y, Matrix? scale)
    {
        var rows = new Rows(new CpuRows(x), weight.Cpu(), epsilon, new CpuRows(y), new CpuRows(scale));
        queue.Workers.For(rows, x.Rows, 4);
    }

    private readonly struct Rows(CpuRows x, float* weight, float epsilon, CpuRows y, CpuRows scales) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x[row], target = y[row];
                float scale = (float)(1 / Math.Sqrt(Reduce.Squares<V>(source, x.Columns, 0) / x.Columns + epsilon));
                if (scales.Exist) *scales[row] = scale;
                int done = Scale<V>(source, scale, target, 0);
                Scale<Lanes1>(source, scale, target, done);
            }
        }

        private int Scale<V>(float* source, float scale, float* target, int c) where V : unmanaged, ILanes<V>
        {
            V factor = V.All(scale);
            for (; c + V.Count <= x.Columns; c += V.Count) (V.Load(source + c) * factor * V.Load(weight + c)).Store(target + c);
            return c;
        }
    }
}
