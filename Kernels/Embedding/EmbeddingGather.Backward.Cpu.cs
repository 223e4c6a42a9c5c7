using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Embedding;

internal static unsafe partial class EmbeddingGather
{
    private static void Backward(CpuQueue queue, Matrix dy, IntVector ids, Matrix dTable, int padding)
    {
        var columns = new ScatterColumns(new CpuRows(dy), ids.Cpu(), new CpuRows(dTable), padding);
        queue.Workers.For(columns, (dy.Columns + ScatterColumns.Width - 1) / ScatterColumns.Width);
    }

    /// <summary>One item is some columns of all rows: two rows of the same id never meet on two threads.</summary>
    private readonly struct ScatterColumns(CpuRows dy, int* ids, CpuRows dTable, int padding) : ICpuJob
    {
        public const int Width = 128;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int item = begin; item < end; item++)
            {
                int first = item * Width, until = Math.Min(first + Width, dy.Columns);
                for (int row = 0; row < dy.Count; row++)
                {
                    if (ids[row] == padding) continue;
                    float* source = dy[row], target = dTable[ids[row]];
                    for (int c = first; c < until; c++) target[c] += source[c];
                }
            }
        }
    }
}
