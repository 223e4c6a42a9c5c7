using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

internal static unsafe partial class FullAttention
{
    private static void Backward(CpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y, Matrix logSums, Matrix dy,
        Matrix dqkv)
    {
        var items = new BackwardHeads(new CpuRows(qkv), layout, heads, new CpuRows(y), new CpuRows(logSums), new CpuRows(dy),
            new CpuRows(dqkv));
        queue.Workers.For(items, layout.Count * heads);
    }

    /// <summary>One item is one head of one sequence.</summary>
    private readonly struct BackwardHeads(
        CpuRows qkv, SequenceLayout layout, int heads, CpuRows y, CpuRows logSums, CpuRows dy, CpuRows dqkv) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int size = y.Columns / heads, hidden = y.Columns;
            for (int item = begin; item < end; item++)
            {
                int head = item % heads, column = head * size;
                long row = layout.FirstRow(item / heads);
                HeadPointer dk = Head(dqkv, row, hidden + column), dv = Head(dqkv, row, 2 * hidden + column);
                for (int i = 0; i < layout.Length; i++)
                {
                    new Span<float>(dk[i], size).Clear();
                    new Span<float>(dv[i], size).Clear();
                }
                var backward = new AttentionBackward(Head(qkv, row, column), Head(qkv, row, hidden + column),
                    Head(qkv, row, 2 * hidden + column), Head(y, row, column), Head(dy, row, column), Head(logSums, row, head), null,
                    layout.Length, layout.Length, size);
                backward.Run<V>(Head(dqkv, row, column), dk, dv);
            }
        }

        private HeadPointer Head(CpuRows rows, long row, int column) => new(rows[row] + column, (long)layout.Step * rows.Stride);
    }
}
