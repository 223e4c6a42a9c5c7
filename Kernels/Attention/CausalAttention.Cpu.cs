namespace EdgeVideoLlava.Kernels;

public static unsafe partial class CausalAttention
{
    private static void Cpu(CpuQueue queue, Matrix q, Matrix keys, Matrix values, IntVector positions, int headSize, Matrix y)
    {
        int heads = q.Columns / headSize, block = q.Rows < BlockAttention.FewestQueries ? 1 : 2 * SimdWidths.Lanes(queue.Workers.Width);
        queue.Workers.For(new QueryBlocks(q.Cpu(), q.Stride, q.Rows, keys.Cpu(), keys.Stride, values.Cpu(), values.Stride, positions.Cpu(), y.Cpu(), y.Stride,
            headSize, heads, q.Columns / keys.Columns, block), (q.Rows + block - 1) / block * heads);
    }

    /// <summary>One item is one block of rows, or one row, of one query head.</summary>
    private readonly struct QueryBlocks(float* q, int strideQ, int rows, float* keys, int strideK, float* values, int strideV, int* positions, float* y, int strideY,
        int headSize, int heads, int group, int block) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int* limits = stackalloc int[block];
            for (int item = begin; item < end; item++)
            {
                int row = item / heads * block, head = item % heads, count = Math.Min(block, rows - row);
                float* query = q + (long)row * strideQ + head * headSize, target = y + (long)row * strideY + head * headSize;
                float* k = keys + head / group * headSize, v = values + head / group * headSize;
                if (block == 1) SoftmaxAttention.Row<V>(query, k, strideK, v, strideV, positions[row] + 1, headSize, target);
                else
                {
                    int most = 0;
                    for (int i = 0; i < count; i++) most = Math.Max(most, limits[i] = positions[row + i] + 1);
                    BlockAttention.Run<V>(query, strideQ, count, k, strideK, v, strideV, limits, most, headSize, target, strideY);
                }
            }
        }
    }
}
