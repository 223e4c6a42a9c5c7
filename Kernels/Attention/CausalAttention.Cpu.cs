using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

internal static unsafe partial class CausalAttention
{
    private static void Cpu(CpuQueue queue, QueryRows queries, HeadRows keys, HeadRows values)
    {
        int group = queries.Q.Columns / keys.Columns, headSize = queries.HeadSize;
        if (keys.AreBytes) Cpu(queue, queries, new ByteHead(keys, headSize), new ByteHead(values, headSize), group);
        else Cpu(queue, queries, Head(keys.Numbers), Head(values.Numbers), group);
    }

    private static FloatHead Head(Matrix rows) => new(rows.Cpu(), rows.Stride);

    private static void Cpu<TSource>(CpuQueue queue, QueryRows queries, TSource keys, TSource values, int group)
        where TSource : unmanaged, IHeadSource<TSource>
    {
        int rows = queries.Rows, block = rows < BlockAttention.FewestQueries ? 1
            : BlockAttention.Queries(rows, queries.Heads, queue.Workers.Count, queue.Workers.Width);
        queue.Workers.For(new QueryBlocks<TSource>(queries, keys, values, group, block), (rows + block - 1) / block * queries.Heads);
    }

    /// <summary>One item is one block of rows, or one row, of one query head.</summary>
    private readonly struct QueryBlocks<TSource>(QueryRows queries, TSource keys, TSource values, int group, int block) : ICpuJob
        where TSource : unmanaged, IHeadSource<TSource>
    {
        private readonly float* q = queries.Q.Cpu(), y = queries.Y.Cpu(), logSums = queries.LogSums.CpuOrNull();
        private readonly int strideQ = queries.Q.Stride, strideY = queries.Y.Stride, strideL = queries.LogSums?.Stride ?? 0;
        private readonly int* positions = queries.Positions.Cpu();
        private readonly int rows = queries.Rows, heads = queries.Heads, headSize = queries.HeadSize;

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
