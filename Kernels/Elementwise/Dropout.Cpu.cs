using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

internal static unsafe partial class Dropout
{
    private static void Cpu(CpuQueue queue, Matrix x, float probability, ulong seed, Matrix y, bool add)
        => queue.Workers.For(new Rows(new CpuRows(x), probability, seed, new CpuRows(y), add), x.Rows, 8);

    private readonly struct Rows(CpuRows x, float probability, ulong seed, CpuRows y, bool add) : ICpuJob
    {
        private readonly uint threshold = Threshold(probability);
        private readonly float factor = Factor(probability);

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x[row], target = y[row];
                ulong first = (ulong)row * (ulong)x.Columns;
                for (int c = 0; c < x.Columns; c++)
                {
                    float kept = Hash(seed + (first + (ulong)c) * 0x9E3779B97F4A7C15) < threshold ? 0 : source[c] * factor;
                    target[c] = add ? target[c] + kept : kept;
                }
            }
        }
    }
}
