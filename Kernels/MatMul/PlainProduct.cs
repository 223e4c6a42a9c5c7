using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>c (+)= a b, or aᵀ b, of float32 matrices: the two products of a backward.</summary>
/// <remarks>
/// One item is one panel of columns of c (two registers wide) for one block of its rows. Along the depth, DepthBlock at a time: rows of b
/// are copied into the panel, then <see cref="Tile"/> goes over the rows of a, which lie in blocks of the same depth. Every sum is made in
/// the same order whatever the number of threads.
/// </remarks>
internal static unsafe partial class PlainProduct
{
    private const int DepthBlock = 256, RowBlock = 510, RowsAtOnce = 2 * RowBlock, WidestPanel = 32;

    /// <param name="a">(M, K), or (K, M) if it is <paramref name="transposed"/>.</param>
    /// <param name="b">(K, N)</param>
    /// <param name="c">(M, N)</param>
    /// <param name="add">Adds to c instead of replacing it.</param>
    public static void Run(ComputeQueue queue, Matrix a, bool transposed, Matrix b, Matrix c, bool add)
    {
        if (queue is CpuQueue cpu) Cpu(cpu, a, transposed, b, c, add);
        else Gpu((IlgpuQueue)queue, a, transposed, b, c, add);
    }

    private static void Cpu(CpuQueue queue, Matrix a, bool transposed, Matrix b, Matrix c, bool add)
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        int atOnce = Math.Min(c.Rows, RowsAtOnce);
        Matrix blocks = queue.Scratch.Take(atOnce, b.Rows);
        for (int start = 0; start < c.Rows; start += atOnce)
        {
            int rows = Math.Min(atOnce, c.Rows - start);
            Matrix part = transposed ? a.ColumnRange(start, rows) : a.RowRange(start, rows);
            var turned = new TurnBlocks(new CpuRows(part), blocks.Cpu());
            if (transposed) queue.Workers.For(turned, (rows + TurnBlocks.Rows - 1) / TurnBlocks.Rows);
            else queue.Workers.For(new CopyBlocks(new CpuRows(part), blocks.Cpu()), rows, 8);
            var panels = new Panels(blocks.Cpu(), rows, new CpuRows(b), new CpuRows(c.RowRange(start, rows)), add,
                2 * SimdWidths.Lanes(queue.Workers.Width));
            queue.Workers.For(panels, panels.Items);
        }
    }

    /// <summary>a as (depth blocks, rows, DepthBlock).</summary>
    private readonly struct CopyBlocks(CpuRows a, float* blocks) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int depth = 0; depth < a.Columns; depth += DepthBlock)
            {
                int count = Math.Min(DepthBlock, a.Columns - depth);
                for (int row = begin; row < end; row++)
                    Buffer.MemoryCopy(a[row] + depth, blocks + (long)depth * a.Count + (long)row * count, 4L * count, 4L * count);
            }
        }
    }

    /// <summary>The same of aᵀ: rows are columns of a.</summary>
    private readonly struct TurnBlocks(CpuRows a, float* blocks) : ICpuJob
    {
        public const int Rows = 32;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int item = begin; item < end; item++)
            {
                int first = item * Rows, present = Math.Min(Rows, a.Columns - first);
                for (int depth = 0; depth < a.Count; depth += DepthBlock)
                {
                    int count = Math.Min(DepthBlock, a.Count - depth);
                    Transposed.Copy<StoredF32>((byte*)(a[depth] + first), 4L * a.Stride, count, present,
                        blocks + (long)depth * a.Columns + (long)first * count, count);
                }
            }
        }
    }

    private readonly struct Panels(float* blocks, int rows, CpuRows b, CpuRows c, bool add, int width) : ICpuJob
    {
        private readonly int rowBlocks = (rows + RowBlock - 1) / RowBlock;

        private int Count => (c.Columns + width - 1) / width;

        public int Items => Count * rowBlocks;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int tiles = (rows + Tile.Rows - 1) / Tile.Rows, block = (tiles + rowBlocks - 1) / rowBlocks * Tile.Rows;
            float* memory = stackalloc float[DepthBlock * WidestPanel + RowBlock * WidestPanel + 16];
            float* panel = (float*)(((nint)memory + 63) & ~63), sums = panel + DepthBlock * WidestPanel;
            for (int item = begin; item < end; item++)
            {
                int first = item % Count * width, row = item / Count * block, blockRows = Math.Min(block, rows - row);
                if (blockRows <= 0) continue;
                Sum<V>(first, row, blockRows, panel, sums);
                int present = Math.Min(width, c.Columns - first);
                for (int i = 0; i < blockRows; i++) Store<V>(sums + i * width, c[row + i] + first, present);
            }
        }

        private void Sum<V>(int first, int row, int blockRows, float* panel, float* sums) where V : unmanaged, ILanes<V>
        {
            for (int depth = 0; depth < b.Count; depth += DepthBlock)
            {
                int count = Math.Min(DepthBlock, b.Count - depth), present = Math.Min(width, b.Columns - first);
                Pack(b, depth, count, first, present, width, panel);
                float* a = blocks + (long)depth * rows + (long)row * count;
                for (int i = 0; i < blockRows; i += Tile.Rows)
                    Tile.Multiply<V, NextRows>(a + (long)i * count, count, 1, Math.Min(Tile.Rows, blockRows - i), panel, count,
                        sums + i * width, width, depth > 0);
            }
        }

        private void Store<V>(float* sums, float* target, int present) where V : unmanaged, ILanes<V>
        {
            int i = 0;
            for (; i + V.Count <= present; i += V.Count) (add ? V.Load(target + i) + V.Load(sums + i) : V.Load(sums + i)).Store(target + i);
            for (; i < present; i++) target[i] = add ? target[i] + sums[i] : sums[i];
        }
    }

    /// <summary>Columns first.. of rows depth.. as a dense panel, zeros where there are none.</summary>
    internal static void Pack(CpuRows b, int depth, int count, int first, int present, int width, float* panel)
    {
        if (present < width) new Span<float>(panel, count * width).Clear();
        for (int p = 0; p < count; p++)
            new ReadOnlySpan<float>(b[depth + p] + first, present).CopyTo(new Span<float>(panel + (long)p * width, width));
    }
}
