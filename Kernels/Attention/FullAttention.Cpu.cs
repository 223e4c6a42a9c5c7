namespace EdgeVideoLlava.Kernels;

public static unsafe partial class FullAttention
{
    private static void Cpu(CpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y)
        => queue.Workers.For(new SequenceHeads(qkv.Cpu(), qkv.Stride, layout, y.Cpu(), y.Stride, heads, y.Columns), layout.Count * heads);

    // One item is one head of one sequence.
    private readonly struct SequenceHeads(float* qkv, int strideQkv, SequenceLayout layout, float* y, int strideY, int heads, int columns) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int headSize = columns / heads;
            for (int item = begin; item < end; item++)
            {
                int sequence = item / heads, head = item % heads;
                long first = (long)(sequence / layout.Inner) * layout.Outer + sequence % layout.Inner;
                float* q = qkv + first * strideQkv + head * headSize;
                long step = (long)layout.Step * strideQkv;
                for (int i = 0; i < layout.Length; i++)
                {
                    SoftmaxAttention.Row<V>(q + i * step, q + columns, step, q + 2 * columns, step, layout.Length, headSize,
                        y + (first + (long)i * layout.Step) * strideY + head * headSize);
                }
            }
        }
    }
}
