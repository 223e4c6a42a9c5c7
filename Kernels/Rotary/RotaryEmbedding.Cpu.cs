namespace EdgeVideoLlava.Kernels;

public static unsafe partial class RotaryEmbedding
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix cos, Matrix sin, IntVector positions, Matrix y)
        => queue.Workers.For(new Rows(x.Cpu(), x.Stride, cos.Cpu(), sin.Cpu(), cos.Columns, positions.Cpu(), y.Cpu(), y.Stride, x.Columns), x.Rows, 4);

    private readonly struct Rows(float* x, int strideX, float* cos, float* sin, int half, int* positions, float* y, int strideY, int columns) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* c = cos + (long)positions[row] * half, s = sin + (long)positions[row] * half;
                for (int head = 0; head < columns; head += 2 * half)
                {
                    float* source = x + (long)row * strideX + head, target = y + (long)row * strideY + head;
                    int done = Rotate<V>(source, c, s, target, 0);
                    Rotate<Lanes1>(source, c, s, target, done);
                }
            }
        }

        private int Rotate<V>(float* source, float* cos, float* sin, float* target, int i) where V : unmanaged, ILanes<V>
        {
            for (; i + V.Count <= half; i += V.Count)
            {
                V low = V.Load(source + i), high = V.Load(source + half + i), c = V.Load(cos + i), s = V.Load(sin + i);
                (low * c - high * s).Store(target + i);
                (high * c + low * s).Store(target + half + i);
            }
            return i;
        }
    }
}
