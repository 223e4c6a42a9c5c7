using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Loss;

internal static unsafe partial class TopK
{
    private static void Cpu(CpuQueue queue, Matrix logits, int candidates, IntVector ids, Matrix logProbabilities)
        => queue.Workers.For(new Rows(new CpuRows(logits), candidates, ids.Cpu(), new CpuRows(logProbabilities)), logits.Rows);

    private readonly struct Rows(CpuRows logits, int candidates, int* ids, CpuRows logProbabilities) : ICpuJob
    {
        private int K => logProbabilities.Columns;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = logits[row], values = logProbabilities[row];
                Select(source, ids + (long)row * K, values);
                float logSum = LogSum<V>(source);
                for (int i = 0; i < K; i++) values[i] -= logSum;
            }
        }

        // Insertion into a short sorted list: k is small.
        private void Select(float* source, int* best, float* values)
        {
            int held = 0;
            for (int v = 0; v < candidates; v++)
            {
                if (held == K && !(source[v] > values[K - 1])) continue;
                int at = held < K ? held++ : K - 1;
                for (; at > 0 && source[v] > values[at - 1]; at--)
                {
                    values[at] = values[at - 1];
                    best[at] = best[at - 1];
                }
                values[at] = source[v];
                best[at] = v;
            }
        }

        private float LogSum<V>(float* source) where V : unmanaged, ILanes<V>
        {
            float maximum = Reduce.Largest<V>(source, logits.Columns);
            return maximum + (float)Math.Log(Reduce.Exponentials<V>(source, logits.Columns, maximum));
        }
    }
}
