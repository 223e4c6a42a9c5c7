using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>Copies a block of numbers turned: panels of a product, and an attention's queries and results.</summary>
internal static unsafe class Transposed
{
    /// <summary>target[c · strideT + r] = source[r, c] · scale for r &lt; rows, c &lt; columns.</summary>
    /// <param name="stride">From row to row of the source, in bytes.</param>
    public static void Copy<TStored>(byte* source, long stride, int rows, int columns, float* target, int strideT, float scale = 1)
        where TStored : IStored
    {
        int wholeRows = rows & ~3, wholeColumns = columns & ~3;
        for (int r = 0; r < wholeRows; r += 4)
        {
            byte* from = source + r * stride;
            float* to = target + r;
            for (int c = 0; c < wholeColumns; c += 4, from += 4 * TStored.Bytes, to += 4 * (long)strideT)
                Block<TStored>(from, stride, to, strideT, scale);
        }
        byte* right = source + (long)wholeColumns * TStored.Bytes;
        Plain<TStored>(right, stride, wholeRows, columns - wholeColumns, target + (long)wholeColumns * strideT, strideT, scale);
        Plain<TStored>(source + wholeRows * stride, stride, rows - wholeRows, columns, target + wholeRows, strideT, scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block<TStored>(byte* source, long stride, float* target, long strideT, float scale) where TStored : IStored
    {
        Lanes4 factor = Lanes4.All(scale);
        Vector128<float> a = (TStored.Load<Lanes4>(source) * factor).Vector, b = (TStored.Load<Lanes4>(source + stride) * factor).Vector;
        Vector128<float> c = (TStored.Load<Lanes4>(source + 2 * stride) * factor).Vector;
        Vector128<float> d = (TStored.Load<Lanes4>(source + 3 * stride) * factor).Vector;
        Vector128<float> lowAb = Interleave(a, b, low: true), highAb = Interleave(a, b, low: false);
        Vector128<float> lowCd = Interleave(c, d, low: true), highCd = Interleave(c, d, low: false);
        Pairs(lowAb, lowCd, low: true).Store(target);
        Pairs(lowAb, lowCd, low: false).Store(target + strideT);
        Pairs(highAb, highCd, low: true).Store(target + 2 * strideT);
        Pairs(highAb, highCd, low: false).Store(target + 3 * strideT);
    }

    /// <summary>(a0, b0, a1, b1), or the same of the upper halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Interleave(Vector128<float> a, Vector128<float> b, bool low)
    {
        if (Sse.IsSupported) return low ? Sse.UnpackLow(a, b) : Sse.UnpackHigh(a, b);
        return low ? Vector128.Create(a[0], b[0], a[1], b[1]) : Vector128.Create(a[2], b[2], a[3], b[3]);
    }

    /// <summary>(a0, a1, b0, b1), or the same of the upper halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Pairs(Vector128<float> a, Vector128<float> b, bool low)
    {
        // Given the halves of a vector, the compiler goes through memory.
        if (Sse.IsSupported) return low ? Sse.MoveLowToHigh(a, b) : Sse.MoveHighToLow(b, a);
        return low ? Vector128.Create(a[0], a[1], b[0], b[1]) : Vector128.Create(a[2], a[3], b[2], b[3]);
    }

    private static void Plain<TStored>(byte* source, long stride, int rows, int columns, float* target, long strideT, float scale)
        where TStored : IStored
    {
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
                (TStored.Load<Lanes1>(source + r * stride + (long)c * TStored.Bytes) * Lanes1.All(scale)).Store(target + c * strideT + r);
        }
    }
}
