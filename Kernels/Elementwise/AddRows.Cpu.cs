using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

public static unsafe partial class AddRows
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix table, int period, Matrix y)
        => queue.Workers.For(new Rows(x.Cpu(), x.Stride, table.Cpu(), table.Stride, table.Rows, period, y.Cpu(), y.Stride, x.Columns),
            x.Rows, 16);

    private readonly struct Rows(float* x, int strideX, float* table, int strideT, int length, int period, float* y, int strideY,
        int columns) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x + (long)row * strideX;
                float* add = table + (long)(row / period % length) * strideT;
                float* target = y + (long)row * strideY;
                int done = Add<V>(source, add, target, 0);
                Add<Lanes1>(source, add, target, done);
            }
        }

        private int Add<V>(float* source, float* add, float* target, int c) where V : unmanaged, ILanes<V>
        {
            for (; c + V.Count <= columns; c += V.Count) (V.Load(source + c) + V.Load(add + c)).Store(target + c);
            return c;
        }
    }
}
