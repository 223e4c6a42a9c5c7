using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class Scale
{
    private static void Cpu(CpuQueue queue, Matrix x, float factor) => queue.Workers.For(new Rows(new CpuRows(x), factor), x.Rows, 16);

    private readonly struct Rows(CpuRows x, float factor) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* numbers = x[row];
                for (int c = 0; c < x.Columns; c++) numbers[c] *= factor;
            }
        }
    }
}
