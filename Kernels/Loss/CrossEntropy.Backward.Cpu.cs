using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Loss;

internal static unsafe partial class CrossEntropy
{
    private static void Backward(CpuQueue queue, Matrix logits, IntVector labels, Matrix losses, float factor)
        => queue.Workers.For(new BackRows(new CpuRows(logits), labels.Cpu(), new CpuRows(losses), factor), logits.Rows);

    private readonly struct BackRows(CpuRows logits, int* labels, CpuRows losses, float factor) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* numbers = logits[row];
                if (labels[row] == Ignored)
                {
                    *losses[row] = 0;
                    new Span<float>(numbers, logits.Columns).Clear();
                    continue;
                }
                float maximum = Reduce.Largest<V>(numbers, logits.Columns), label = numbers[labels[row]];
                double sum = Reduce.Exponentials<V>(numbers, logits.Columns, maximum);
                *losses[row] = (float)(Math.Log(sum) + maximum - label);
                float share = (float)(factor / sum);
                Shares<Lanes1>(numbers, maximum, share, Shares<V>(numbers, maximum, share, 0));
                numbers[labels[row]] = (float)(factor * (Math.Exp((double)label - maximum) / sum - 1));
            }
        }

        private int Shares<V>(float* numbers, float maximum, float share, int c) where V : unmanaged, ILanes<V>
        {
            V centre = V.All(maximum), factor = V.All(share);
            for (; c + V.Count <= logits.Columns; c += V.Count) (V.Exp(V.Load(numbers + c) - centre) * factor).Store(numbers + c);
            return c;
        }
    }
}
