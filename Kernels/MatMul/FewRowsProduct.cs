using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>x Wᵀ for 1 to 8 rows of x: a decode step. The weight streams from memory once, several of its rows at a
/// time, and converts in registers.</summary>
internal static unsafe class FewRowsProduct
{
    public const int MostRows = 8;
    private const int Outputs = 16;
    private const int AddsInARow = 256;

    public static void Run<TStored>(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue) where TStored : unmanaged, IStored
        => queue.Workers.For(new Blocks<TStored>((byte*)weight.Cpu(), x.Cpu(), x.Stride, x.Rows, x.Columns, y.Columns,
            new EpilogueRow(y, epilogue)),
                (y.Columns + Outputs - 1) / Outputs);

    /// <summary>One item is 16 outputs of all rows.</summary>
    private readonly struct Blocks<TStored>(byte* weight, float* x, int strideX, int rows, int columns, int outputs, EpilogueRow epilogue)
        : ICpuJob where TStored : unmanaged, IStored
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            float* sums = stackalloc float[2 * MostRows * Outputs], up = sums + MostRows * Outputs;
            for (int item = begin; item < end; item++)
            {
                int first = item * Outputs, count = Math.Min(Outputs, outputs - first);
                Sum<V>(first, count, sums);
                if (epilogue.Gated) Sum<V>(outputs + first, count, up);
                for (int t = 0; t < rows; t++) epilogue.Store<V>(sums + t * Outputs, up + t * Outputs, t, first, count);
            }
        }

        private void Sum<V>(int first, int count, float* sums) where V : unmanaged, ILanes<V>
        {
            long stride = (long)columns * TStored.Bytes;
            new Span<float>(sums, rows * Outputs).Clear();
            // Long rows are summed in pieces, so that the error does not grow with their length.
            for (int c = 0; c < columns; c += AddsInARow * V.Count)
            {
                int until = Math.Min(columns, c + AddsInARow * V.Count);
                if (rows == 1)
                {
                    for (int r = 0; r < count; r += 4)
                        FourOutputs<V>(weight + (first + r) * stride, stride, Math.Min(4, count - r), c, until, sums + r);
                    continue;
                }
                for (int r = 0; r < count; r += 2)
                {
                    for (int t = 0; t < rows; t += 4)
                        TwoOutputsOfFourRows<V>(weight + (first + r) * stride, stride, Math.Min(2, count - r), t, c, until,
                            sums + t * Outputs + r);
                }
            }
        }

        private void FourOutputs<V>(byte* w, long stride, int present, int c, int until, float* sums) where V : unmanaged, ILanes<V>
        {
            V* parts = stackalloc V[4];
            int done = c + Dots.FourByOne<V, TStored>(w, stride, present, c, until, x, parts);
            for (int r = 0; r < present; r++) sums[r] += V.Sum(parts[r]) + Rest(w + r * stride, x, done, until);
        }

        private void TwoOutputsOfFourRows<V>(byte* w, long stride, int present, int t, int c, int until, float* sums)
            where V : unmanaged, ILanes<V>
        {
            V* parts = stackalloc V[8];
            int rowsPresent = Math.Min(4, rows - t);
            float* first = x + (long)t * strideX;
            int done = c + Dots.TwoByFour<V, TStored>(w, stride, present, c, until, first, strideX, rowsPresent, parts);
            for (int i = 0; i < rowsPresent; i++)
            {
                for (int r = 0; r < present; r++)
                    sums[i * Outputs + r] += V.Sum(parts[2 * i + r]) + Rest(w + r * stride, first + (long)i * strideX, done, until);
            }
        }

        private static float Rest(byte* w, float* a, int c, int until)
        {
            Lanes1 sum = Lanes1.Zero;
            for (; c < until; c++) sum = Lanes1.MultiplyAdd(Lanes1.Load(a + c), TStored.Load<Lanes1>(w + (long)c * TStored.Bytes), sum);
            return Lanes1.Sum(sum);
        }
    }
}
