using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Loss;

internal static unsafe partial class CrossEntropy
{
    private static void Cpu(CpuQueue queue, Matrix logits, IntVector labels, Matrix losses)
        => queue.Workers.For(new Rows(logits.Cpu(), logits.Stride, logits.Columns, labels.Cpu(), losses.Cpu(), losses.Stride), logits.Rows);

    private readonly struct Rows(float* logits, int stride, int columns, int* labels, float* losses, int strideL) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* source = logits + (long)row * stride;
                losses[(long)row * strideL] = labels[row] == Ignored ? 0f : Loss<V>(source, labels[row]);
            }
        }

        private float Loss<V>(float* source, int label) where V : unmanaged, ILanes<V>
        {
            float maximum = Reduce.Largest<V>(source, columns);
            return (float)(Math.Log(Reduce.Exponentials<V>(source, columns, maximum)) + maximum - source[label]);
        }
    }
}
