namespace EdgeVideoLlava.Kernels;

public static unsafe partial class LayerNorm
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix weight, Matrix bias, float epsilon, Matrix y)
        => queue.Workers.For(new Rows(x.Cpu(), x.Stride, weight.Cpu(), bias.Cpu(), epsilon, y.Cpu(), y.Stride, x.Columns), x.Rows);

    private readonly struct Rows(float* x, int strideX, float* weight, float* bias, float epsilon, float* y, int strideY, int columns) : ICpuJob
    {
        public void Execute(int begin, int end)
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x + (long)row * strideX, target = y + (long)row * strideY;
                float sum = 0;
                for (int c = 0; c < columns; c++) sum += source[c];
                float mean = sum / columns, squares = 0;
                for (int c = 0; c < columns; c++) squares += (source[c] - mean) * (source[c] - mean);
                float scale = 1f / MathF.Sqrt(squares / columns + epsilon);
                for (int c = 0; c < columns; c++) target[c] = (source[c] - mean) * scale * weight[c] + bias[c];
            }
        }
    }
}
