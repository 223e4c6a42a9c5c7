namespace EdgeVideoLlava.Kernels;

public static unsafe partial class RmsNorm
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix weight, float epsilon, Matrix y)
        => queue.Workers.For(new Rows(x.Cpu(), x.Stride, weight.Cpu(), epsilon, y.Cpu(), y.Stride, x.Columns), x.Rows);

    private readonly struct Rows(float* x, int strideX, float* weight, float epsilon, float* y, int strideY, int columns) : ICpuJob
    {
        public void Execute(int begin, int end)
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x + (long)row * strideX, target = y + (long)row * strideY;
                float squares = 0;
                for (int c = 0; c < columns; c++) squares += source[c] * source[c];
                float scale = 1f / MathF.Sqrt(squares / columns + epsilon);
                for (int c = 0; c < columns; c++) target[c] = source[c] * scale * weight[c];
            }
        }
    }
}
