using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

public static unsafe partial class RmsNorm
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix weight, float epsilon, Matrix y, Matrix? scale)
    {
        var rows = new Rows(x.Cpu(), x.Stride, weight.Cpu(), epsilon, y.Cpu(), y.Stride, scale.CpuOrNull(), scale?.Stride ?? 0, x.Columns);
        queue.Workers.For(rows, x.Rows, 4);
    }

    private readonly struct Rows(
        float* x, int strideX, float* weight, float epsilon, float* y, int strideY, float* scales, int strideS, int columns) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x + (long)row * strideX, target = y + (long)row * strideY;
                float scale = (float)(1 / Math.Sqrt(Reduce.Squares<V>(source, columns, 0) / columns + epsilon));
                if (scales != null) scales[(long)row * strideS] = scale;
                int done = Scale<V>(source, scale, target, 0);
                Scale<Lanes1>(source, scale, target, done);
            }
        }

        private int Scale<V>(float* source, float scale, float* target, int c) where V : unmanaged, ILanes<V>
        {
            V factor = V.All(scale);
            for (; c + V.Count <= columns; c += V.Count) (V.Load(source + c) * factor * V.Load(weight + c)).Store(target + c);
            return c;
        }
    }
}
