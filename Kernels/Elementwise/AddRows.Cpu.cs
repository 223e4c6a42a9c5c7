namespace EdgeVideoLlava.Kernels;

public static unsafe partial class AddRows
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix table, int period, Matrix y)
        => queue.Workers.For(new Rows(x.Cpu(), x.Stride, table.Cpu(), table.Stride, table.Rows, period, y.Cpu(), y.Stride, x.Columns), x.Rows, 16);

    private readonly struct Rows(float* x, int strideX, float* table, int strideT, int length, int period, float* y, int strideY, int columns) : ICpuJob
    {
        public void Execute(int begin, int end)
        {
            for (int row = begin; row < end; row++)
            {
                float* source = x + (long)row * strideX, add = table + (long)(row / period % length) * strideT, target = y + (long)row * strideY;
                for (int c = 0; c < columns; c++) target[c] = source[c] + add[c];
            }
        }
    }
}
