using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

internal static unsafe partial class FullAttention
{
    private static void Cpu(CpuQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y, Matrix? logSums)
    {
        var rows = new Rows(new CpuRows(qkv), layout, new CpuRows(y), new CpuRows(logSums), heads);
        if (layout.Length < BlockAttention.FewestQueries) queue.Workers.For(new ShortSequences(rows), layout.Count * heads, 8);
        else
        {
            int block = BlockAttention.Queries(layout.Length, layout.Count * heads, queue.Workers.Count, queue.Workers.Width);
            int blocks = (layout.Length + block - 1) / block;
            queue.Workers.For(new QueryBlocks(rows, block, blocks), layout.Count * heads * blocks);
        }
    }

    /// <summary>Where the rows of a sequence's head lie.</summary>
    private readonly struct Rows(CpuRows qkv, SequenceLayout layout, CpuRows y, CpuRows logSums, int heads)
    {
        public int Length => layout.Length;
        public int Heads => heads;
        public int HeadSize => y.Columns / heads;

        /// <summary>From a row of a sequence to the next.</summary>
        public long StepQkv => (long)layout.Step * qkv.Stride;

        public long StepY => (long)layout.Step * y.Stride;
        public long StepL => (long)layout.Step * logSums.Stride;

        public float* Query(int sequence, int head, int i) => qkv[layout.FirstRow(sequence)] + i * StepQkv + head * HeadSize;

        public FloatHead Keys(int sequence, int head) => new(Query(sequence, head, 0) + y.Columns, StepQkv);

        public FloatHead Values(int sequence, int head) => new(Query(sequence, head, 0) + 2 * y.Columns, StepQkv);

        public float* Target(int sequence, int head, int i) => y[layout.FirstRow(sequence)] + i * StepY + head * HeadSize;

        public float* LogSum(int sequence, int head, int i)
            => !logSums.Exist ? null : logSums[layout.FirstRow(sequence)] + i * StepL + head;
    }

    /// <summary>One item is one head of one sequence.</summary>
    private readonly struct ShortSequences(Rows rows) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int item = begin; item < end; item++)
            {
                int sequence = item / rows.Heads, head = item % rows.Heads;
                FloatHead keys = rows.Keys(sequence, head), values = rows.Values(sequence, head);
                for (int i = 0; i < rows.Length; i++)
                {
                    SoftmaxAttention.Row<V, FloatHead>(rows.Query(sequence, head, i), keys, values, rows.Length, rows.HeadSize,
                        rows.Target(sequence, head, i), rows.LogSum(sequence, head, i));
                }
            }
        }
    }

    /// <summary>One item is one block of queries of one head of one sequence.</summary>
    private readonly struct QueryBlocks(Rows rows, int block, int blocks) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int item = begin; item < end; item++)
            {
                int sequence = item / blocks / rows.Heads, head = item / blocks % rows.Heads, i = item % blocks * block;
                BlockAttention.Run<V, FloatHead>(rows.Query(sequence, head, i), rows.StepQkv, Math.Min(block, rows.Length - i),
                    rows.Keys(sequence, head), rows.Values(sequence, head), null, rows.Length, rows.HeadSize,
                    rows.Target(sequence, head, i), rows.StepY, rows.LogSum(sequence, head, i), rows.StepL);
            }
        }
    }
}
