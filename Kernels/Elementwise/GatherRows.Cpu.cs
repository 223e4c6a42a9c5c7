using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class GatherRows
{
    private static void Cpu(CpuQueue queue, Matrix x, IntVector rows, Matrix y)
        => queue.Workers.For(new Rows(new CpuRows(x), rows.Cpu(), new CpuRows(y)), y.Rows, 64);

    private readonly struct Rows(CpuRows x, int* rows, CpuRows y) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int t = begin; t < end; t++)
                new ReadOnlySpan<float>(x[rows[t]], y.Columns).CopyTo(new Span<float>(y[t], y.Columns));
        }
    }
}
