using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

public static unsafe partial class FullAttention
{
    private static void Cpu(CpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y)
    {
        if (layout.Length < BlockAttention.FewestQueries)
            queue.Workers.For(new ShortSequences(qkv.Cpu(), qkv.Stride, layout, y.Cpu(), y.Stride, heads, y.Columns), layout.Count * heads, 8);
        else
        {
            int block = 2 * SimdWidths.Lanes(queue.Workers.Width), blocks = (layout.Length + block - 1) / block;
            queue.Workers.For(new QueryBlocks(qkv.Cpu(), qkv.Stride, layout, y.Cpu(), y.Stride, heads, y.Columns, block), layout.Count * heads * blocks);
        }
    }

    /// <summary>One item is one head of one sequence.</summary>
    private readonly struct ShortSequences(float* qkv, int strideQkv, SequenceLayout layout, float* y, int strideY, int heads, int columns) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int headSize = columns / heads;
            for (int item = begin; item < end; item++)
            {
                long first = layout.FirstRow(item / heads);
                float* q = qkv + first * strideQkv + item % heads * headSize;
                long step = (long)layout.Step * strideQkv;
                for (int i = 0; i < layout.Length; i++)
                {
                    SoftmaxAttention.Row<V, FloatHead>(q + i * step, new FloatHead(q + columns, step), new FloatHead(q + 2 * columns, step), layout.Length, headSize,
                        y + (first + (long)i * layout.Step) * strideY + item % heads * headSize);
                }
            }
        }
    }

    /// <summary>One item is one block of queries of one head of one sequence.</summary>
    private readonly struct QueryBlocks(float* qkv, int strideQkv, SequenceLayout layout, float* y, int strideY, int heads, int columns, int block) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int headSize = columns / heads, blocks = (layout.Length + block - 1) / block;
            long step = (long)layout.Step * strideQkv, stepY = (long)layout.Step * strideY;
            for (int item = begin; item < end; item++)
            {
                int head = item / blocks % heads, i = item % blocks * block;
                long first = layout.FirstRow(item / blocks / heads);
                float* q = qkv + first * strideQkv + head * headSize;
                BlockAttention.Run<V, FloatHead>(q + i * step, step, Math.Min(block, layout.Length - i), new FloatHead(q + columns, step), new FloatHead(q + 2 * columns, step),
                    null, layout.Length, headSize, y + first * strideY + i * stepY + head * headSize, stepY);
            }
        }
    }
}
