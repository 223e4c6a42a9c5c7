namespace EdgeVideoLlava.Kernels;

public static unsafe partial class RotaryEmbedding
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix cos, Matrix sin, IntVector positions, Matrix y)
        => queue.Workers.For(new Rows(x.Cpu(), x.Stride, cos.Cpu(), sin.Cpu(), cos.Columns, positions.Cpu(), y.Cpu(), y.Stride, x.Columns), x.Rows);

    private readonly struct Rows(float* x, int strideX, float* cos, float* sin, int half, int* positions, float* y, int strideY, int columns) : ICpuJob
    {
        public void Execute(int begin, int end)
        {
            for (int row = begin; row < end; row++)
            {
                float* c = cos + (long)positions[row] * half, s = sin + (long)positions[row] * half;
                for (int head = 0; head < columns; head += 2 * half)
                {
                    float* source = x + (long)row * strideX + head, target = y + (long)row * strideY + head;
                    for (int i = 0; i < half; i++)
                    {
                        target[i] = source[i] * c[i] - source[i + half] * s[i];
                        target[i + half] = source[i + half] * c[i] + source[i] * s[i];
                    }
                }
            }
        }
    }
}
