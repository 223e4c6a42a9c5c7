using System.Runtime.CompilerServices;

namespace EdgeVideoLlava.Kernels;

/// <summary>x Wᵀ for 1 to 8 rows of x: a decode step. The weight streams from memory once, several of its rows at a time, and converts in registers.</summary>
internal static unsafe class FewRowsProduct
{
    public const int MostRows = 8;
    private const int Outputs = 16;
    private const int AddsInARow = 256;

    public static void Run<TStored>(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue) where TStored : unmanaged, IStored
        => queue.Workers.For(new Blocks<TStored>((byte*)weight.Cpu(), x.Cpu(), x.Stride, x.Rows, x.Columns, y.Columns, new EpilogueRow(y, epilogue)),
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
                    for (int r = 0; r < count; r += 4) FourOutputs<V>(weight + (first + r) * stride, stride, Math.Min(4, count - r), c, until, sums + r);
                    continue;
                }
                for (int r = 0; r < count; r += 2)
                {
                    for (int t = 0; t < rows; t += 4)
                        TwoOutputsOfFourRows<V>(weight + (first + r) * stride, stride, Math.Min(2, count - r), t, c, until, sums + t * Outputs + r);
                }
            }
        }

        // In both, outputs or rows that do not exist repeat the last one, and nothing of them is stored.
        private void FourOutputs<V>(byte* w, long stride, int present, int c, int until, float* sums) where V : unmanaged, ILanes<V>
        {
            byte* w1 = w + Math.Min(1, present - 1) * stride, w2 = w + Math.Min(2, present - 1) * stride, w3 = w + Math.Min(3, present - 1) * stride;
            V s0 = V.Zero, s1 = s0, s2 = s0, s3 = s0;
            for (; c + V.Count <= until; c += V.Count)
            {
                V a = V.Load(x + c);
                long o = (long)c * TStored.Bytes;
                s0 = V.MultiplyAdd(a, TStored.Load<V>(w + o), s0);
                s1 = V.MultiplyAdd(a, TStored.Load<V>(w1 + o), s1);
                s2 = V.MultiplyAdd(a, TStored.Load<V>(w2 + o), s2);
                s3 = V.MultiplyAdd(a, TStored.Load<V>(w3 + o), s3);
            }
            sums[0] += V.Sum(s0) + Rest(w, x, c, until);
            if (present > 1) sums[1] += V.Sum(s1) + Rest(w1, x, c, until);
            if (present > 2) sums[2] += V.Sum(s2) + Rest(w2, x, c, until);
            if (present > 3) sums[3] += V.Sum(s3) + Rest(w3, x, c, until);
        }

        private void TwoOutputsOfFourRows<V>(byte* w, long stride, int present, int t, int c, int until, float* sums) where V : unmanaged, ILanes<V>
        {
            byte* w1 = w + (present - 1) * stride;
            int more = rows - t - 1;
            float* x0 = x + (long)t * strideX, x1 = x0 + (long)Math.Min(1, more) * strideX;
            float* x2 = x0 + (long)Math.Min(2, more) * strideX, x3 = x0 + (long)Math.Min(3, more) * strideX;
            V s00 = V.Zero, s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
            for (; c + V.Count <= until; c += V.Count)
            {
                long o = (long)c * TStored.Bytes;
                V b0 = TStored.Load<V>(w + o), b1 = TStored.Load<V>(w1 + o), a = V.Load(x0 + c);
                s00 = V.MultiplyAdd(a, b0, s00);
                s01 = V.MultiplyAdd(a, b1, s01);
                a = V.Load(x1 + c);
                s10 = V.MultiplyAdd(a, b0, s10);
                s11 = V.MultiplyAdd(a, b1, s11);
                a = V.Load(x2 + c);
                s20 = V.MultiplyAdd(a, b0, s20);
                s21 = V.MultiplyAdd(a, b1, s21);
                a = V.Load(x3 + c);
                s30 = V.MultiplyAdd(a, b0, s30);
                s31 = V.MultiplyAdd(a, b1, s31);
            }
            Put(sums, w, w1, present, x0, c, until, s00, s01);
            if (more > 0) Put(sums + Outputs, w, w1, present, x1, c, until, s10, s11);
            if (more > 1) Put(sums + 2 * Outputs, w, w1, present, x2, c, until, s20, s21);
            if (more > 2) Put(sums + 3 * Outputs, w, w1, present, x3, c, until, s30, s31);
        }

        private void Put<V>(float* sums, byte* w, byte* w1, int present, float* a, int c, int until, V low, V high) where V : unmanaged, ILanes<V>
        {
            sums[0] += V.Sum(low) + Rest(w, a, c, until);
            if (present > 1) sums[1] += V.Sum(high) + Rest(w1, a, c, until);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private float Rest(byte* w, float* a, int c, int until)
        {
            Lanes1 sum = Lanes1.Zero;
            for (; c < until; c++) sum = Lanes1.MultiplyAdd(Lanes1.Load(a + c), TStored.Load<Lanes1>(w + (long)c * TStored.Bytes), sum);
            return Lanes1.Sum(sum);
        }
    }
}
