using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>x Wᵀ for many rows of x: the weight is read once for a block of rows and packed into panels that stay in the cache.</summary>
/// <remarks>
/// One item is one panel of outputs (two registers wide; where gated, one of gate rows and one of up rows) for one block of rows of x.
/// Along the depth, DepthBlock columns at a time: the panel is packed as (depth, outputs), then <see cref="Tile"/> goes over the rows of
/// the block. Every sum is made in the same order whatever the number of threads.
/// </remarks>
internal static unsafe class PackedProduct
{
    private const int DepthBlock = 256;
    private const int RowBlock = 516; // 8 · 257, the rows of a clip, are four of them
    private const int RowsAtOnce = 2 * RowBlock;
    private const int WidestPanel = 32;

    public static void Run<TStored>(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue) where TStored : unmanaged, IStored
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        int atOnce = Math.Min(x.Rows, RowsAtOnce);
        Matrix blocks = queue.Scratch.Take(atOnce, x.Columns);
        for (int start = 0; start < x.Rows; start += atOnce)
        {
            int rows = Math.Min(atOnce, x.Rows - start);
            Matrix part = x.RowRange(start, rows);
            queue.Workers.For(new CopyBlocks(part.Cpu(), x.Stride, rows, x.Columns, blocks.Cpu()), rows, 8);
            var panels = new Panels<TStored>((byte*)weight.Cpu(), blocks.Cpu(), rows, x.Columns,
                new EpilogueRow(y.RowRange(start, rows), epilogue.Rows(start, rows)), SimdWidths.Lanes(queue.Workers.Width));
            queue.Workers.For(panels, panels.Items);
        }
    }

    /// <summary>x as (depth blocks, rows, DepthBlock): what one panel needs of x lies together, whatever the stride of x.</summary>
    private readonly struct CopyBlocks(float* x, int stride, int rows, int columns, float* blocks) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int depth = 0; depth < columns; depth += DepthBlock)
            {
                int count = Math.Min(DepthBlock, columns - depth);
                for (int row = begin; row < end; row++)
                    Buffer.MemoryCopy(x + (long)row * stride + depth, blocks + (long)depth * rows + (long)row * count, 4L * count,
                        4L * count);
            }
        }
    }

    private readonly struct Panels<TStored>(byte* weight, float* blocks, int rows, int columns, EpilogueRow epilogue, int lanes)
        : ICpuJob where TStored : unmanaged, IStored
    {
        private readonly int rowBlocks = (rows + RowBlock - 1) / RowBlock;

        private int Width => epilogue.Gated ? lanes : 2 * lanes;

        private int Count => (epilogue.Outputs + Width - 1) / Width;

        public int Items => Count * rowBlocks;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            // Balanced blocks of whole tiles.
            int tiles = (rows + Tile.Rows - 1) / Tile.Rows, block = (tiles + rowBlocks - 1) / rowBlocks * Tile.Rows;
            float* memory = stackalloc float[DepthBlock * WidestPanel + RowBlock * WidestPanel + 16];
            float* panel = (float*)(((nint)memory + 63) & ~63), sums = panel + DepthBlock * WidestPanel;
            for (int item = begin; item < end; item++)
            {
                int first = item % Count * Width, row = item / Count * block, blockRows = Math.Min(block, rows - row);
                if (blockRows <= 0) continue;
                Sum<V>(first, row, blockRows, panel, sums);
                int count = Math.Min(Width, epilogue.Outputs - first);
                for (int i = 0; i < blockRows; i++)
                    epilogue.Store<V>(sums + i * 2 * V.Count, sums + i * 2 * V.Count + V.Count, row + i, first, count);
            }
        }

        private void Sum<V>(int first, int row, int blockRows, float* panel, float* sums) where V : unmanaged, ILanes<V>
        {
            for (int depth = 0; depth < columns; depth += DepthBlock)
            {
                int count = Math.Min(DepthBlock, columns - depth);
                Pack(first, depth, count, panel, 2 * V.Count);
                float* a = blocks + (long)depth * rows + (long)row * count;
                for (int i = 0; i < blockRows; i += Tile.Rows)
                {
                    Fetch(first, depth + count, i, blockRows);
                    Tile.Multiply<V, NextRows>(a + (long)i * count, count, 1, Math.Min(Tile.Rows, blockRows - i), panel, count,
                        sums + i * 2 * V.Count, 2 * V.Count, depth > 0);
                }
            }
        }

        /// <summary>While a block is multiplied, the next one's weights are fetched, some rows with each tile:
        /// packing need not wait for memory.</summary>
        private void Fetch(int first, int depth, int i, int blockRows)
        {
            if (depth >= columns) return;
            long stride = (long)columns * TStored.Bytes;
            int bytes = Math.Min(DepthBlock, columns - depth) * TStored.Bytes, all = 2 * lanes;
            for (int r = all * i / blockRows; r < all * Math.Min(i + Tile.Rows, blockRows) / blockRows; r++)
            {
                int row = epilogue.Gated && r >= lanes ? epilogue.Outputs + first + r - lanes : first + r;
                byte* next = weight + row * stride + (long)depth * TStored.Bytes;
                for (int b = 0; b < bytes; b += Cache.Line) Cache.Fetch(next + b);
            }
        }

        private void Pack(int first, int depth, int count, float* panel, int panelWidth)
        {
            long stride = (long)columns * TStored.Bytes;
            byte* source = weight + first * stride + (long)depth * TStored.Bytes;
            int present = Math.Min(Width, epilogue.Outputs - first);
            // Columns of the panel that no output has: any finite number will do, but not what the stack happens to hold.
            if (present < Width) new Span<float>(panel, count * panelWidth).Clear();
            Transposed.Copy<TStored>(source, stride, present, count, panel, panelWidth);
            if (epilogue.Gated)
                Transposed.Copy<TStored>(source + epilogue.Outputs * stride, stride, present, count, panel + lanes, panelWidth);
        }
    }
}
