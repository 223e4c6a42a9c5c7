using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class Fill
{
    private static void Cpu(CpuQueue queue, Matrix y, float value) => queue.Workers.For(new Rows(new CpuRows(y), value), y.Rows, 64);

    private readonly struct Rows(CpuRows y, float value) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++) new Span<float>(y[row], y.Columns).Fill(value);
        }
    }
}
