using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>x Wᵀ for weights in panels, fast: x is rounded to signed bytes, 32 columns to a scale, and multiplied as whole
/// numbers.</summary>
/// <remarks>
/// As llama.cpp's products on the processor do (its scales are rounded to binary16, and of 256 columns for K types; ours are float32).
/// One item is 16 outputs of a block of rows of x. Along the depth, 256 columns at a time, scales become float32 and, where several rows
/// of x are multiplied, levels become bytes (<see cref="Panel"/>); then <see cref="IntegerTile"/> goes over the rows of x.
/// </remarks>
internal static unsafe class IntegerProduct
{
    /// <param name="weight">In a <see cref="PanelBuffer"/>.</param>
    public static void Run(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
        => PanelFormat.For(weight.Type)!.Run(new Job(queue, weight, x, y, epilogue));

    private readonly struct Job(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue) : IPanelJob
    {
        public void Run<TBlocks, TLevels>() where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
            => IntegerProduct<TBlocks, TLevels>.Run(queue, weight, x, y, epilogue);
    }
}

/// <summary>The product with panels of one kind.</summary>
internal static unsafe class IntegerProduct<TBlocks, TLevels> where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
{
    public static void Run(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        switch (queue.Workers.Width)
        {
            case SimdWidth.Scalar: Run<PlainDot>(queue, weight, x, y, epilogue); break;
            case SimdWidth.Vector512 when AssembledTile<TBlocks, TLevels>.IsSupported: RunAssembled(queue, weight, x, y, epilogue); break;
            case > SimdWidth.Vector128 when AvxVnni.IsSupported: Run<VnniDot>(queue, weight, x, y, epilogue); break;
            case > SimdWidth.Vector128 when Avx2.IsSupported: Run<Avx2Dot>(queue, weight, x, y, epilogue); break;
            default: Run<HalvesDot>(queue, weight, x, y, epilogue); break;
        }
    }

    /// <summary>By <see cref="AssembledTile{TBlocks, TLevels}"/>.</summary>
    internal static void RunAssembled(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
        => Run<VnniDot>(queue, weight, x, y, epilogue, assembled: true);

    /// <summary>With a certain way of multiplying; the tests try each.</summary>
    internal static void Run<TDot>(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue) where TDot : IByteDot
        => Run<TDot>(queue, weight, x, y, epilogue, assembled: false);

    private static void Run<TDot>(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue, bool assembled)
        where TDot : IByteDot
    {
        using Arena.Scope scope = queue.Scratch.Begin();
        int depths = (x.Columns + RowPiece.Columns - 1) / RowPiece.Columns, levels = weight.RoundsTwice ? 2 : 1;
        var pieces = (RowPiece*)queue.Scratch.Take(x.Rows * levels * depths, sizeof(RowPiece) / sizeof(float)).Cpu();
        queue.Workers.For(new Quantize<TDot>(new CpuRows(x), levels, pieces), x.Rows);
        var rounded = new RoundedRows(pieces, x.Rows, levels, x.Columns);
        var items = new Items<TDot>((byte*)((PanelBuffer)weight.Buffer).Address, rounded, new EpilogueRow(y, epilogue), assembled);
        queue.Workers.For(items, items.Count);
    }

    private readonly struct Quantize<TDot>(CpuRows x, int levels, RowPiece* pieces) : ICpuJob where TDot : IByteDot
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int offset = TBlocks.Offset + (TBlocks.IsSigned && TDot.Flips ? 128 : 0);
            float* rest = stackalloc float[RowPiece.Columns];
            for (int row = begin; row < end; row++)
            {
                for (int c = 0; c < x.Columns; c += RowPiece.Columns)
                {
                    RowPiece* piece = pieces + ((long)c / RowPiece.Columns * x.Count + row) * levels;
                    int groups = Groups(x.Columns - c);
                    piece->Quantize<TBlocks>(x[row] + c, groups, offset);
                    if (levels == 1) continue;
                    piece->Rest(x[row] + c, groups, rest);
                    piece[1].Quantize<TBlocks>(rest, groups, offset);
                }
            }
        }
    }

    private static int Groups(int columns) => Math.Min(RowPiece.Columns, columns) / RowPiece.Group;

    /// <summary>x as (depth, rows, levels) of pieces: what a panel needs lies together.</summary>
    private readonly struct RoundedRows(RowPiece* pieces, int rows, int levels, int columns)
    {
        public readonly int Rows = rows, Levels = levels, Columns = columns;

        public RowPiece* this[int depth, int row] => pieces + ((long)depth * Rows + row) * Levels;

        /// <summary>So many rows that they stay in the second-level cache while panels go by.</summary>
        public int Block => Math.Min(Rows, Math.Clamp(CacheBytes * RowPiece.Columns / sizeof(RowPiece) / Columns, 32, 512) / 8 * 8);

        private const int CacheBytes = 512 << 10;
    }

    private readonly struct Items<TDot>(byte* panels, RoundedRows x, EpilogueRow epilogue, bool assembled) : ICpuJob where TDot : IByteDot
    {
        private readonly int rowBlock = x.Block, perBlock = (epilogue.Outputs + Panel.Rows - 1) / Panel.Rows;
        private readonly long size = PanelPacking.RowBytes<TBlocks, TLevels>(x.Columns);

        public int Count => perBlock * ((x.Rows + rowBlock - 1) / rowBlock);

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            byte* memory = stackalloc byte[sizeof(Panel) + 64];
            var panel = (Panel*)(((nint)memory + 63) & ~63);
            int most = rowBlock * x.Levels * Panel.Rows;
            float* sums = stackalloc float[most];
            float* up = stackalloc float[epilogue.Gated ? most : 1];
            for (int item = begin; item < end; item++)
            {
                int first = item % perBlock * Panel.Rows, count = Math.Min(Panel.Rows, epilogue.Outputs - first);
                int row = item / perBlock * rowBlock, present = Math.Min(rowBlock, x.Rows - row);
                Sum(first, row, present, panel, sums);
                if (epilogue.Gated) Sum(epilogue.Outputs + first, row, present, panel, up);
                for (int t = 0; t < present; t++)
                    epilogue.Store<V>(sums + t * Panel.Rows, up + (epilogue.Gated ? t * Panel.Rows : 0), row + t, first, count);
            }
        }

        private void Sum(int first, int row, int present, Panel* panel, float* sums)
        {
            byte* packed = panels + first / Panel.Rows * size;
            int pieces = present * x.Levels;
            if (assembled) AssembledTile<TBlocks, TLevels>.Run(x[0, row], x.Rows * x.Levels, pieces, x.Columns, packed, sums);
            else SumPanels(row, pieces, packed, panel, sums);
            if (x.Levels == 2) AddPairs(present, sums);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void SumPanels(int row, int count, byte* packed, Panel* panel, float* sums)
        {
            new Span<float>(sums, count * Panel.Rows).Clear();
            for (int c = 0; c < x.Columns; c += RowPiece.Columns)
            {
                int groups = Groups(x.Columns - c);
                TBlocks.UnpackScales(packed, groups, panel->Scales, panel->Shifts, panel->Factors);
                packed += TBlocks.ScaleBytes(groups);
                RowPiece* piece = x[c / RowPiece.Columns, row];
                int t = 0;
                if (count >= 4) Panel.Unpack<TBlocks, TLevels, TDot>(panel, packed, groups);
                for (; t + 4 <= count; t += 4) IntegerTile.Four<TBlocks, TDot>(piece + t, groups, panel, sums + t * Panel.Rows);
                for (; t < count; t++) IntegerTile.One<TBlocks, TLevels, TDot>(piece + t, groups, packed, panel, sums + t * Panel.Rows);
                packed += groups * TLevels.Bytes;
            }
        }

        /// <summary>Of each row what was rounded first, and the rest.</summary>
        private static void AddPairs(int rows, float* sums)
        {
            for (int t = 0; t < rows; t++)
            {
                float* pair = sums + 2 * t * Panel.Rows;
                for (int r = 0; r < Panel.Rows; r++) sums[t * Panel.Rows + r] = pair[r] + pair[Panel.Rows + r];
            }
        }
    }
}
