namespace EdgeVideoLlava.Kernels;

public static unsafe partial class CrossEntropy
{
    private static void Cpu(CpuQueue queue, Matrix logits, IntVector labels, Matrix losses)
        => queue.Workers.For(new Rows(logits.Cpu(), logits.Stride, logits.Columns, labels.Cpu(), losses.Cpu(), losses.Stride), logits.Rows);

    private readonly struct Rows(float* logits, int stride, int columns, int* labels, float* losses, int strideL) : ICpuJob
    {
        public void Execute(int begin, int end)
        {
            for (int row = begin; row < end; row++)
            {
                float* source = logits + (long)row * stride;
                losses[(long)row * strideL] = labels[row] == Ignored ? 0f : Loss(source, labels[row]);
            }
        }

        private float Loss(float* source, int label)
        {
            float maximum = float.NegativeInfinity;
            for (int v = 0; v < columns; v++) maximum = MathF.Max(maximum, source[v]);
            double sum = 0;
            for (int v = 0; v < columns; v++) sum += MathF.Exp(source[v] - maximum);
            return (float)(Math.Log(sum) + maximum - source[label]);
        }
    }
}
