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
    private const int RowBlock = 512;

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
        int depths = (x.Columns + RowPiece.Columns - 1) / RowPiece.Columns;
        var pieces = (RowPiece*)queue.Scratch.Take(x.Rows * depths, sizeof(RowPiece) / sizeof(float)).Cpu();
        queue.Workers.For(new Quantize<TDot>(new CpuRows(x), pieces), x.Rows);
        var items = new Items<TDot>((byte*)((PanelBuffer)weight.Buffer).Address, pieces, x.Rows, x.Columns, new EpilogueRow(y, epilogue),
            assembled);
        queue.Workers.For(items, items.Count);
    }

    /// <summary>Pieces as (depth, rows): what a panel needs lies together.</summary>
    private readonly struct Quantize<TDot>(CpuRows x, RowPiece* pieces) : ICpuJob where TDot : IByteDot
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int offset = TBlocks.Offset + (TBlocks.IsSigned && TDot.Flips ? 128 : 0);
            for (int row = begin; row < end; row++)
            {
                for (int c = 0; c < x.Columns; c += RowPiece.Columns)
                    pieces[(long)c / RowPiece.Columns * x.Count + row].Quantize<TBlocks>(x[row] + c, Groups(x.Columns - c), offset);
            }
        }
    }

    private static int Groups(int columns) => Math.Min(RowPiece.Columns, columns) / RowPiece.Group;

    private readonly struct Items<TDot>(byte* panels, RowPiece* pieces, int rows, int columns, EpilogueRow epilogue, bool assembled)
        : ICpuJob where TDot : IByteDot
    {
        private readonly int rowBlocks = (rows + RowBlock - 1) / RowBlock;
        private readonly long size = PanelPacking.RowBytes<TBlocks, TLevels>(columns);

        public int Count => (epilogue.Outputs + Panel.Rows - 1) / Panel.Rows * rowBlocks;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            byte* memory = stackalloc byte[sizeof(Panel) + 64];
            var panel = (Panel*)(((nint)memory + 63) & ~63);
            int most = Math.Min(rows, RowBlock) * Panel.Rows;
            float* sums = stackalloc float[most];
            float* up = stackalloc float[epilogue.Gated ? most : 1];
            for (int item = begin; item < end; item++)
            {
                int first = item / rowBlocks * Panel.Rows, count = Math.Min(Panel.Rows, epilogue.Outputs - first);
                int row = item % rowBlocks * RowBlock, present = Math.Min(RowBlock, rows - row);
                Sum(first, row, present, panel, sums);
                if (epilogue.Gated) Sum(epilogue.Outputs + first, row, present, panel, up);
                for (int t = 0; t < present; t++)
                    epilogue.Store<V>(sums + t * Panel.Rows, up + (epilogue.Gated ? t * Panel.Rows : 0), row + t, first, count);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Sum(int first, int row, int present, Panel* panel, float* sums)
        {
            byte* packed = panels + first / Panel.Rows * size;
            if (assembled)
            {
                AssembledTile<TBlocks, TLevels>.Run(pieces + row, rows, present, columns, packed, sums);
                return;
            }
            new Span<float>(sums, present * Panel.Rows).Clear();
            for (int c = 0; c < columns; c += RowPiece.Columns)
            {
                int groups = Groups(columns - c);
                TBlocks.UnpackScales(packed, groups, panel->Scales, panel->Shifts, panel->Factors);
                packed += TBlocks.ScaleBytes(groups);
                RowPiece* x = pieces + (long)c / RowPiece.Columns * rows + row;
                int t = 0;
                if (present >= 4) Panel.Unpack<TBlocks, TLevels, TDot>(panel, packed, groups);
                for (; t + 4 <= present; t += 4) IntegerTile.Four<TBlocks, TDot>(x + t, groups, panel, sums + t * Panel.Rows);
                for (; t < present; t++) IntegerTile.One<TBlocks, TLevels, TDot>(x + t, groups, packed, panel, sums + t * Panel.Rows);
                packed += groups * TLevels.Bytes;
            }
        }
    }
}
