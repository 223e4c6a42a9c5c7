using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The inner loops of a product with few rows: several rows of a stored weight against one or four rows of x at once.</summary>
/// <remarks>
/// The sums leave a loop as whole registers: code that reduces them in the same function makes the compiler keep them in memory.
/// While a group of rows is read, the next group is fetched into the second-level cache: short rows end before the processor's own
/// prefetching is up to speed.
/// Rows that do not exist repeat the last one, and what comes out for them means nothing. Both return the columns done from c on.
/// </remarks>
internal static unsafe class Dots
{
    /// <summary>parts[r] = Σ x[c] · w[r,c], lane by lane, for 4 rows of w.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static int FourByOne<V, TStored>(byte* w, long stride, int present, int c, int until, float* x, V* parts)
        where V : unmanaged, ILanes<V> where TStored : unmanaged, IStored
    {
        byte* w0 = w + (long)c * TStored.Bytes;
        byte* w1 = w0 + Math.Min(1, present - 1) * stride;
        byte* w2 = w0 + Math.Min(2, present - 1) * stride;
        byte* w3 = w0 + Math.Min(3, present - 1) * stride;
        V s0 = V.Zero, s1 = s0, s2 = s0, s3 = s0;
        int steps = (until - c) / V.Count;
        x += c;
        long o = 0;
        for (int i = 0; i < steps; i++)
        {
            V a = V.Load(x);
            x += V.Count;
            Cache.Fetch(w0 + o + 4 * stride);
            Cache.Fetch(w1 + o + 4 * stride);
            Cache.Fetch(w2 + o + 4 * stride);
            Cache.Fetch(w3 + o + 4 * stride);
            s0 = V.MultiplyAdd(a, TStored.Load<V>(w0 + o), s0);
            s1 = V.MultiplyAdd(a, TStored.Load<V>(w1 + o), s1);
            s2 = V.MultiplyAdd(a, TStored.Load<V>(w2 + o), s2);
            s3 = V.MultiplyAdd(a, TStored.Load<V>(w3 + o), s3);
            o += V.Count * TStored.Bytes;
        }
        parts[0] = s0;
        parts[1] = s1;
        parts[2] = s2;
        parts[3] = s3;
        return steps * V.Count;
    }

    /// <summary>parts[2 t + r] = Σ x[t,c] · w[r,c], lane by lane, for 2 rows of w and 4 rows of x.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static int TwoByFour<V, TStored>(byte* w, long stride, int present, int c, int until, float* x, long strideX, int rows, V* parts)
        where V : unmanaged, ILanes<V> where TStored : unmanaged, IStored
    {
        byte* w0 = w + (long)c * TStored.Bytes, w1 = w0 + (present - 1) * stride;
        float* x0 = x + c;
        float* x1 = x0 + Math.Min(1, rows - 1) * strideX;
        float* x2 = x0 + Math.Min(2, rows - 1) * strideX;
        float* x3 = x0 + Math.Min(3, rows - 1) * strideX;
        V s00 = V.Zero, s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
        int steps = (until - c) / V.Count;
        long o = 0;
        for (int i = 0; i < steps; i++)
        {
            V b0 = TStored.Load<V>(w0), b1 = TStored.Load<V>(w1), a = V.Load(x0 + o);
            Cache.Fetch(w0 + 2 * stride);
            Cache.Fetch(w1 + 2 * stride);
            w0 += V.Count * TStored.Bytes;
            w1 += V.Count * TStored.Bytes;
            s00 = V.MultiplyAdd(a, b0, s00);
            s01 = V.MultiplyAdd(a, b1, s01);
            a = V.Load(x1 + o);
            s10 = V.MultiplyAdd(a, b0, s10);
            s11 = V.MultiplyAdd(a, b1, s11);
            a = V.Load(x2 + o);
            s20 = V.MultiplyAdd(a, b0, s20);
            s21 = V.MultiplyAdd(a, b1, s21);
            a = V.Load(x3 + o);
            s30 = V.MultiplyAdd(a, b0, s30);
            s31 = V.MultiplyAdd(a, b1, s31);
            o += V.Count;
        }
        parts[0] = s00;
        parts[1] = s01;
        parts[2] = s10;
        parts[3] = s11;
        parts[4] = s20;
        parts[5] = s21;
        parts[6] = s30;
        parts[7] = s31;
        return steps * V.Count;
    }
}
