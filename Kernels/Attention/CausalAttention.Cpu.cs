using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

public static unsafe partial class CausalAttention
{
    private static void Cpu(
        CpuQueue queue, Matrix q, HeadRows keys, HeadRows values, IntVector positions, int headSize, Matrix y, Matrix? logSums)
    {
        int group = q.Columns / keys.Columns;
        if (keys.AreBytes)
            Cpu(queue, q, new ByteHead(keys, headSize), new ByteHead(values, headSize), group, positions, headSize, y, logSums);
        else Cpu(queue, q, Head(keys.Numbers), Head(values.Numbers), group, positions, headSize, y, logSums);
    }

    private static FloatHead Head(Matrix rows) => new(rows.Cpu(), rows.Stride);

    private static void Cpu<TSource>(
        CpuQueue queue, Matrix q, TSource keys, TSource values, int group, IntVector positions, int headSize, Matrix y, Matrix? logSums)
        where TSource : unmanaged, IHeadSource<TSource>
    {
        int heads = q.Columns / headSize, block = q.Rows < BlockAttention.FewestQueries ? 1 : 2 * SimdWidths.Lanes(queue.Workers.Width);
        var blocks = new QueryBlocks<TSource>(q.Cpu(), q.Stride, q.Rows, keys, values, positions.Cpu(), y.Cpu(), y.Stride,
            logSums.CpuOrNull(), logSums?.Stride ?? 0, headSize, heads, group, block);
        queue.Workers.For(blocks, (q.Rows + block - 1) / block * heads);
    }

    /// <summary>One item is one block of rows, or one row, of one query head.</summary>
    private readonly struct QueryBlocks<TSource>(
        float* q, int strideQ, int rows, TSource keys, TSource values, int* positions, float* y, int strideY, float* logSums, int strideL,
        int headSize, int heads, int group, int block) : ICpuJob where TSource : unmanaged, IHeadSource<TSource>
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int* limits = stackalloc int[block];
            for (int item = begin; item < end; item++)
            {
                int row = item / heads * block, head = item % heads, count = Math.Min(block, rows - row);
                float* query = q + (long)row * strideQ + head * headSize, target = y + (long)row * strideY + head * headSize;
                float* logSum = logSums == null ? null : logSums + (long)row * strideL + head;
                TSource k = keys.Head(head / group, headSize), v = values.Head(head / group, headSize);
                if (block == 1) SoftmaxAttention.Row<V, TSource>(query, k, v, positions[row] + 1, headSize, target, logSum);
                else
                {
                    int most = 0;
                    for (int i = 0; i < count; i++) most = Math.Max(most, limits[i] = positions[row + i] + 1);
                    BlockAttention.Run<V, TSource>(query, strideQ, count, k, v, limits, most, headSize, target, strideY, logSum, strideL);
                }
            }
        }
    }
}
