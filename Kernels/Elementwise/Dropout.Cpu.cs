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
        private readonly uint threshold = (uint)(probability * (1L << 32));
        private readonly float factor = 1 / (1 - probability);

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

        /// <summary>SplitMix64's finalizer (Steele, Lea and Flood, 2014), its upper half.</summary>
        private static uint Hash(ulong z)
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return (uint)((z ^ (z >> 31)) >> 32);
        }
    }
}
