using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The inner loop of every matrix product on the CPU: 6 rows times 2 registers of columns, 12 sums that stay
/// in registers.</summary>
/// <remarks>
/// Twelve independent chains keep two multiply-add units of latency 4 busy, and with two factors and a broadcast they
/// fit sixteen registers.
/// </remarks>
internal static unsafe class Tile
{
    public const int Rows = 6;

    /// <summary>c[i,j] (+)= Σ_p a[i · rowA + p · depthA] · b[p,j];   i &lt; 6, j &lt; 2 · lanes.</summary>
    /// <param name="rows">Rows of a that exist; further rows of c receive the last one's numbers and mean nothing.</param>
    /// <param name="b">(depth, 2 · lanes), dense.</param>
    /// <param name="c">(6, 2 · lanes) of stride <paramref name="strideC"/>.</param>
    /// <param name="add">Adds to c instead of replacing it.</param>
    public static void Multiply<V>(float* a, long rowA, long depthA, int rows, float* b, int depth, float* c, long strideC, bool add)
        where V : unmanaged, ILanes<V>
        => Multiply<V, NoNextRows>(a, rowA, depthA, rows, b, depth, c, strideC, add);

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<V, TNext>(float* a, long rowA, long depthA, int rows, float* b, int depth, float* c, long strideC, bool add)
        where V : unmanaged, ILanes<V> where TNext : INextTile
    {
        V zero = V.Zero;
        V c00 = zero;
        V c01 = zero;
        V c10 = zero;
        V c11 = zero;
        V c20 = zero;
        V c21 = zero;
        V c30 = zero;
        V c31 = zero;
        V c40 = zero;
        V c41 = zero;
        V c50 = zero;
        V c51 = zero;
        int n = V.Count;
        long last = rows - 1;
        float* a1 = a + Math.Min(1, last) * rowA, a2 = a + Math.Min(2, last) * rowA, a3 = a + Math.Min(3, last) * rowA;
        float* a4 = a + Math.Min(4, last) * rowA, a5 = a + Math.Min(5, last) * rowA;
        long o = 0;
        for (int p = 0; p < depth; p++)
        {
            if (TNext.IsFetched) Cache.FetchFirst(a + Rows * rowA + Rows * p);
            V b0 = V.Load(b), b1 = V.Load(b + n);
            b += 2 * n;
            V t = V.All(a[o]);
            c00 = V.MultiplyAdd(t, b0, c00);
            c01 = V.MultiplyAdd(t, b1, c01);
            t = V.All(a1[o]);
            c10 = V.MultiplyAdd(t, b0, c10);
            c11 = V.MultiplyAdd(t, b1, c11);
            t = V.All(a2[o]);
            c20 = V.MultiplyAdd(t, b0, c20);
            c21 = V.MultiplyAdd(t, b1, c21);
            t = V.All(a3[o]);
            c30 = V.MultiplyAdd(t, b0, c30);
            c31 = V.MultiplyAdd(t, b1, c31);
            t = V.All(a4[o]);
            c40 = V.MultiplyAdd(t, b0, c40);
            c41 = V.MultiplyAdd(t, b1, c41);
            t = V.All(a5[o]);
            c50 = V.MultiplyAdd(t, b0, c50);
            c51 = V.MultiplyAdd(t, b1, c51);
            o += depthA;
        }
        Put(c, add, c00, c01);
        Put(c + strideC, add, c10, c11);
        Put(c + 2 * strideC, add, c20, c21);
        Put(c + 3 * strideC, add, c30, c31);
        Put(c + 4 * strideC, add, c40, c41);
        Put(c + 5 * strideC, add, c50, c51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<V>(float* c, bool add, V low, V high) where V : unmanaged, ILanes<V>
    {
        if (add)
        {
            low += V.Load(c);
            high += V.Load(c + V.Count);
        }
        low.Store(c);
        high.Store(c + V.Count);
    }
}

/// <summary>Where the rows of a that the next tile reads are.</summary>
internal interface INextTile
{
    static abstract bool IsFetched { get; }
}

/// <summary>Behind this tile's, row after row without a gap: fetched step by step, as the second-level cache delivers too late.</summary>
internal readonly struct NextRows : INextTile
{
    public static bool IsFetched => true;
}

/// <summary>In the first-level cache, or nobody knows.</summary>
internal readonly struct NoNextRows : INextTile
{
    public static bool IsFetched => false;
}
