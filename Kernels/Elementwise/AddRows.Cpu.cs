using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class AddRows
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix table, int period, Matrix y)
        => queue.Workers.For(new Rows(new CpuRows(x), new CpuRows(table), period, new CpuRows(y)), x.Rows, 16);

    private readonly struct Rows(CpuRows x, CpuRows table, int period, CpuRows y) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x[row], add = table[row / period % table.Count], target = y[row];
                int done = Add<V>(source, add, target, 0);
                Add<Lanes1>(source, add, target, done);
            }
        }

        private int Add<V>(float* source, float* add, float* target, int c) where V : unmanaged, ILanes<V>
        {
            for (; c + V.Count <= x.Columns; c += V.Count) (V.Load(source + c) + V.Load(add + c)).Store(target + c);
            return c;
        }
    }
}
