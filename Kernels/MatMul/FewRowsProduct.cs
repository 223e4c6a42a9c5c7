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
        => queue.Workers.For(new Blocks<TStored>((byte*)weight.Cpu(), new CpuRows(x), new EpilogueRow(y, epilogue)),
            (y.Columns + Outputs - 1) / Outputs);

    /// <summary>One item is 16 outputs of all rows.</summary>
    private readonly struct Blocks<TStored>(byte* weight, CpuRows x, EpilogueRow epilogue) : ICpuJob where TStored : unmanaged, IStored
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            float* sums = stackalloc float[2 * MostRows * Outputs], up = sums + MostRows * Outputs;
            for (int item = begin; item < end; item++)
            {
                int first = item * Outputs, count = Math.Min(Outputs, epilogue.Outputs - first);
                Sum<V>(first, count, sums);
                if (epilogue.Gated) Sum<V>(epilogue.Outputs + first, count, up);
                for (int t = 0; t < x.Count; t++) epilogue.Store<V>(sums + t * Outputs, up + t * Outputs, t, first, count);
            }
        }

        private void Sum<V>(int first, int count, float* sums) where V : unmanaged, ILanes<V>
        {
            long stride = (long)x.Columns * TStored.Bytes;
            new Span<float>(sums, x.Count * Outputs).Clear();
            // Long rows are summed in pieces, so that the error does not grow with their length.
            for (int c = 0; c < x.Columns; c += AddsInARow * V.Count)
            {
                int until = Math.Min(x.Columns, c + AddsInARow * V.Count);
                if (x.Count == 1)
                {
                    for (int r = 0; r < count; r += 4)
                        FourOutputs<V>(weight + (first + r) * stride, stride, Math.Min(4, count - r), c, until, sums + r);
                    continue;
                }
                for (int r = 0; r < count; r += 2)
                {
                    for (int t = 0; t < x.Count; t += 4)
                        TwoOutputsOfFourRows<V>(weight + (first + r) * stride, stride, Math.Min(2, count - r), t, c, until,
                            sums + t * Outputs + r);
                }
            }
        }

        private void FourOutputs<V>(byte* w, long stride, int present, int c, int until, float* sums) where V : unmanaged, ILanes<V>
        {
            V* parts = stackalloc V[4];
            int done = c + Dots.FourByOne<V, TStored>(w, stride, present, c, until, x[0], parts);
            for (int r = 0; r < present; r++) sums[r] += V.Sum(parts[r]) + Rest(w + r * stride, x[0], done, until);
        }

        private void TwoOutputsOfFourRows<V>(byte* w, long stride, int present, int t, int c, int until, float* sums)
            where V : unmanaged, ILanes<V>
        {
            V* parts = stackalloc V[8];
            int rowsPresent = Math.Min(4, x.Count - t);
            float* first = x[t];
            int done = c + Dots.TwoByFour<V, TStored>(w, stride, present, c, until, first, x.Stride, rowsPresent, parts);
            for (int i = 0; i < rowsPresent; i++)
            {
                for (int r = 0; r < present; r++)
                    sums[i * Outputs + r] += V.Sum(parts[2 * i + r]) + Rest(w + r * stride, x[t + i], done, until);
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
