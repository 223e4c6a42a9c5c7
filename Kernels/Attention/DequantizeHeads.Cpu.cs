using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

internal static unsafe partial class DequantizeHeads
{
    private static void Cpu(CpuQueue queue, HeadRows x, int headSize, Matrix y)
    {
        queue.Workers.For(new Rows(new ByteHead(x, headSize), y.Cpu(), y.Stride, x.Columns / headSize, headSize), x.Rows);
    }

    private readonly struct Rows(ByteHead x, float* y, int strideY, int heads, int headSize) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                for (int head = 0; head < heads; head++) x.Head(head, headSize).Row<V>(row, y + (long)row * strideY + head * headSize);
            }
        }
    }
}
