namespace EdgeVideoLlava.Kernels;

public static unsafe partial class CausalAttention
{
    private static void Cpu(CpuQueue queue, Matrix q, Matrix keys, Matrix values, IntVector positions, int headSize, Matrix y)
        => queue.Workers.For(new RowHeads(q.Cpu(), q.Stride, keys.Cpu(), keys.Stride, values.Cpu(), values.Stride, positions.Cpu(), y.Cpu(), y.Stride,
            headSize, q.Columns / headSize, q.Columns / keys.Columns), q.Rows * (q.Columns / headSize));

    // One item is one row of one query head.
    private readonly struct RowHeads(float* q, int strideQ, float* keys, int strideK, float* values, int strideV, int* positions, float* y, int strideY,
        int headSize, int heads, int group) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int item = begin; item < end; item++)
            {
                int row = item / heads, head = item % heads;
                SoftmaxAttention.Row<V>(q + (long)row * strideQ + head * headSize, keys + head / group * headSize, strideK, values + head / group * headSize, strideV,
                    positions[row] + 1, headSize, y + (long)row * strideY + head * headSize);
            }
        }
    }
}
