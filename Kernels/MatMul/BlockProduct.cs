using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>x Wᵀ for weights in blocks (Q4_0, Q8_0, ...): exact, for every type and number of rows. The fast products
/// come beside it.</summary>
/// <remarks>
/// One item is 16 outputs of up to 64 rows of x. A piece of a weight row is dequantized once and multiplied with all of these rows in
/// float32. Sums are made piece by piece, so that the error does not grow with the length, and in one order whatever the number of threads.
/// </remarks>
internal static unsafe class BlockProduct
{
    /// <summary>Columns dequantized at a time: whole blocks of every type.</summary>
    private const int Piece = 512;
    private const int Outputs = 16;
    private const int RowsAtOnce = 64;

    public static void Run(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
    {
        BlockFormat format = BlockFormat.Of(weight.Type) ?? throw new ArgumentException(
            $"{weight.Name} is stored as {weight.Type}, which no product reads");
        var items = new Items(weight, format, new CpuRows(x), new EpilogueRow(y, epilogue));
        queue.Workers.For(items, items.Count);
    }

    private readonly struct Items(Weight weight, BlockFormat format, CpuRows x, EpilogueRow epilogue) : ICpuJob
    {
        private readonly byte* weights = (byte*)weight.Cpu();
        private readonly long stride = weight.Type.Bytes(weight.Columns);
        private readonly delegate*<byte*, float*, long, void> dequantize = format.Dequantize;
        private readonly int blockColumns = format.Columns, blockBytes = format.Bytes;

        private int RowBlocks => (x.Count + RowsAtOnce - 1) / RowsAtOnce;

        public int Count => (epilogue.Outputs + Outputs - 1) / Outputs * RowBlocks;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            float* piece = stackalloc float[Piece];
            float* sums = stackalloc float[RowsAtOnce * Outputs];
            float* up = stackalloc float[RowsAtOnce * Outputs];
            for (int item = begin; item < end; item++)
            {
                int first = item / RowBlocks * Outputs, count = Math.Min(Outputs, epilogue.Outputs - first);
                int row = item % RowBlocks * RowsAtOnce, present = Math.Min(RowsAtOnce, x.Count - row);
                Sum<V>(first, count, row, present, piece, sums);
                if (epilogue.Gated) Sum<V>(epilogue.Outputs + first, count, row, present, piece, up);
                for (int t = 0; t < present; t++) epilogue.Store<V>(sums + t * Outputs, up + t * Outputs, row + t, first, count);
            }
        }

        private void Sum<V>(int first, int count, int row, int present, float* piece, float* sums) where V : unmanaged, ILanes<V>
        {
            new Span<float>(sums, present * Outputs).Clear();
            for (int r = 0; r < count; r++)
            {
                byte* source = weights + (first + r) * stride;
                for (int c = 0; c < x.Columns; c += Piece)
                {
                    int length = Math.Min(Piece, x.Columns - c), blocks = length / blockColumns;
                    dequantize(source, piece, blocks);
                    source += (long)blocks * blockBytes;
                    for (int t = 0; t < present; t++)
                        sums[t * Outputs + r] += Reduce.Dot<V>(x[row + t] + c, piece, length);
                }
            }
        }
    }
}
