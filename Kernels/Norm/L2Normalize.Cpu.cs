using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Norm;

internal static unsafe partial class L2Normalize
{
    private static void Cpu(CpuQueue queue, Matrix x, Matrix y) => queue.Workers.For(new Rows(new CpuRows(x), new CpuRows(y)), x.Rows, 4);

    private static void Backward(CpuQueue queue, Matrix x, Matrix dy, Matrix dx)
        => queue.Workers.For(new BackRows(new CpuRows(x), new CpuRows(dy), new CpuRows(dx)), x.Rows, 4);

    private static double Inverse(float* x, int columns)
    {
        double square = 0;
        for (int c = 0; c < columns; c++) square += (double)x[c] * x[c];
        return square > 0 ? 1 / Math.Sqrt(square) : 0;
    }

    private readonly struct Rows(CpuRows x, CpuRows y) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                double inverse = Inverse(x[row], x.Columns);
                for (int c = 0; c < x.Columns; c++) y[row][c] = (float)(x[row][c] * inverse);
            }
        }
    }

    private readonly struct BackRows(CpuRows x, CpuRows dy, CpuRows dx) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                double inverse = Inverse(x[row], x.Columns), along = 0;
                for (int c = 0; c < x.Columns; c++) along += (double)x[row][c] * dy[row][c];
                along *= inverse * inverse;
                for (int c = 0; c < x.Columns; c++) dx[row][c] = (float)((dy[row][c] - x[row][c] * along) * inverse);
            }
        }
    }
}
