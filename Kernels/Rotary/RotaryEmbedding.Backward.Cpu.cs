using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Rotary;

internal static unsafe partial class RotaryEmbedding
{
    private static void Backward(CpuQueue queue, Matrix heads, Matrix cos, Matrix sin, IntVector positions)
        => queue.Workers.For(new BackRows(new CpuRows(heads), new CpuRows(cos), new CpuRows(sin), positions.Cpu()), heads.Rows, 4);

    private readonly struct BackRows(CpuRows heads, CpuRows cos, CpuRows sin, int* positions) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int half = cos.Columns;
            for (int row = begin; row < end; row++)
            {
                float* c = cos[positions[row]], s = sin[positions[row]];
                for (int head = 0; head < heads.Columns; head += 2 * half)
                    Pairs<Lanes1>(heads[row] + head, c, s, half, Pairs<V>(heads[row] + head, c, s, half, 0));
            }
        }

        private static int Pairs<V>(float* head, float* c, float* s, int half, int i) where V : unmanaged, ILanes<V>
        {
            for (; i + V.Count <= half; i += V.Count)
            {
                V low = V.Load(head + i), high = V.Load(head + half + i), cosine = V.Load(c + i), sine = V.Load(s + i);
                (low * cosine + high * sine).Store(head + i);
                (high * cosine - low * sine).Store(head + half + i);
            }
            return i;
        }
    }
}
