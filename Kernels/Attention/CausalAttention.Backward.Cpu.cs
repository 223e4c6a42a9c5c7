using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

internal static unsafe partial class CausalAttention
{
    private static void Backward(CpuQueue queue, QueryRows queries, Matrix keys, Matrix values, Matrix dy, Matrix dq, Matrix dKeys,
        Matrix dValues)
    {
        var operands = new BackwardOperands(new CpuRows(queries.Q), new CpuRows(queries.Y), new CpuRows(dy), new CpuRows(queries.LogSums),
            new CpuRows(keys), new CpuRows(values));
        var heads = new BackwardHeads(operands, queries.Positions.Cpu(), queries.HeadSize, new CpuRows(dq), new CpuRows(dKeys),
            new CpuRows(dValues));
        queue.Workers.For(heads, keys.Columns / queries.HeadSize);
    }

    private readonly record struct BackwardOperands(CpuRows Q, CpuRows Y, CpuRows Dy, CpuRows LogSums, CpuRows Keys, CpuRows Values);

    /// <summary>One item is one head of keys with all its query heads.</summary>
    private readonly struct BackwardHeads(
        BackwardOperands of, int* positions, int headSize, CpuRows dq, CpuRows dKeys, CpuRows dValues) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int group = of.Q.Columns / of.Keys.Columns;
            for (int item = begin; item < end; item++)
            {
                HeadPointer dk = Head(dKeys, item), dv = Head(dValues, item);
                for (int row = 0; row < dKeys.Count; row++)
                {
                    new Span<float>(dk[row], headSize).Clear();
                    new Span<float>(dv[row], headSize).Clear();
                }
                for (int head = item * group; head < (item + 1) * group; head++)
                {
                    var backward = new AttentionBackward(Head(of.Q, head), Head(of.Keys, item), Head(of.Values, item), Head(of.Y, head),
                        Head(of.Dy, head), new HeadPointer(of.LogSums[0] + head, of.LogSums.Stride), positions, of.Q.Count, of.Keys.Count,
                        headSize);
                    backward.Run<V>(Head(dq, head), dk, dv);
                }
            }
        }

        private HeadPointer Head(CpuRows rows, int head) => new(rows[0] + head * headSize, rows.Stride);
    }
}
