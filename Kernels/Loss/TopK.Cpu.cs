using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Loss;

public static unsafe partial class TopK
{
    private static void Cpu(CpuQueue queue, Matrix logits, int candidates, IntVector ids, Matrix logProbabilities)
        => queue.Workers.For(new Rows(logits.Cpu(), logits.Stride, logits.Columns, candidates, ids.Cpu(), logProbabilities.Cpu(),
            logProbabilities.Stride,
                logProbabilities.Columns), logits.Rows);

    private readonly struct Rows(float* logits, int stride, int columns, int candidates, int* ids, float* logProbabilities, int strideP,
        int k) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = logits + (long)row * stride;
                Select(source, ids + (long)row * k, logProbabilities + (long)row * strideP);
                float logSum = LogSum<V>(source);
                for (int i = 0; i < k; i++) logProbabilities[(long)row * strideP + i] -= logSum;
            }
        }

        // Insertion into a short sorted list: k is small.
        private void Select(float* source, int* best, float* values)
        {
            int held = 0;
            for (int v = 0; v < candidates; v++)
            {
                if (held == k && !(source[v] > values[k - 1])) continue;
                int at = held < k ? held++ : k - 1;
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
            float maximum = Reduce.Largest<V>(source, columns);
            return maximum + (float)Math.Log(Reduce.Exponentials<V>(source, columns, maximum));
        }
    }
}
