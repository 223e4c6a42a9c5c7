using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The inner loops of an integer product: one or four rows of x against a panel of 16 outputs.</summary>
/// <remarks>
/// sums[t, r] += Σ_g (Σ levels · x levels − offset · Σ x levels) · x's scale · scale + x's sum · shift, group by group: what is in
/// brackets is exact, so that a sum is the same bits at every width and for any number of rows.
/// </remarks>
internal static unsafe class IntegerTile
{
    /// <param name="packed">The panel's levels as they lie in memory.</param>
    /// <param name="panel">Its scales; its levels are not read.</param>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void One<TBlocks, TLevels, TDot>(RowPiece* x, int groups, byte* packed, Panel* panel, float* sums)
        where TBlocks : IIntegerBlocks where TLevels : IPanelLevels where TDot : IByteDot
    {
        Vector256<float> low = Vector256.Load(sums), high = Vector256.Load(sums + 8);
        for (int g = 0; g < groups; g++, packed += TLevels.Bytes)
        {
            for (int line = 0; line < TLevels.Bytes; line += Cache.Line) Cache.Fetch(packed + Ahead + line);
            // Written out: the compiler would count the steps and compute each address.
            sbyte* levels = x->Levels + g * 32;
            Vector256<int> a = Start<TBlocks>(x, g, 0), b = a;
            Vector256<int> c = TBlocks.IsHalved ? Start<TBlocks>(x, g, 1) : Vector256<int>.Zero, d = c;
            Vector256<sbyte> first = Four(levels, 0), second = Four(levels, 1), third = Four(levels, 2), fourth = Four(levels, 3);
            a = Dot<TBlocks, TDot>(a, Low<TBlocks, TLevels, TDot>(packed, 0), first);
            b = Dot<TBlocks, TDot>(b, Low<TBlocks, TLevels, TDot>(packed, 1), first);
            a = Dot<TBlocks, TDot>(a, Low<TBlocks, TLevels, TDot>(packed, 2), second);
            b = Dot<TBlocks, TDot>(b, Low<TBlocks, TLevels, TDot>(packed, 3), second);
            a = Dot<TBlocks, TDot>(a, Low<TBlocks, TLevels, TDot>(packed, 4), third);
            b = Dot<TBlocks, TDot>(b, Low<TBlocks, TLevels, TDot>(packed, 5), third);
            a = Dot<TBlocks, TDot>(a, Low<TBlocks, TLevels, TDot>(packed, 6), fourth);
            b = Dot<TBlocks, TDot>(b, Low<TBlocks, TLevels, TDot>(packed, 7), fourth);
            (first, second, third, fourth) = (Four(levels, 4), Four(levels, 5), Four(levels, 6), Four(levels, 7));
            c = Dot<TBlocks, TDot>(c, High<TBlocks, TLevels, TDot>(packed, 0), first);
            d = Dot<TBlocks, TDot>(d, High<TBlocks, TLevels, TDot>(packed, 1), first);
            c = Dot<TBlocks, TDot>(c, High<TBlocks, TLevels, TDot>(packed, 2), second);
            d = Dot<TBlocks, TDot>(d, High<TBlocks, TLevels, TDot>(packed, 3), second);
            c = Dot<TBlocks, TDot>(c, High<TBlocks, TLevels, TDot>(packed, 4), third);
            d = Dot<TBlocks, TDot>(d, High<TBlocks, TLevels, TDot>(packed, 5), third);
            c = Dot<TBlocks, TDot>(c, High<TBlocks, TLevels, TDot>(packed, 6), fourth);
            d = Dot<TBlocks, TDot>(d, High<TBlocks, TLevels, TDot>(packed, 7), fourth);
            if (TBlocks.IsHalved)
            {
                int* factors = panel->Factors + g * 32;
                a = a * Vector256.Load(factors) + c * Vector256.Load(factors + 16);
                b = b * Vector256.Load(factors + 8) + d * Vector256.Load(factors + 24);
            }
            else
            {
                a += c;
                b += d;
            }
            low = Flush<TBlocks>(a, x, panel, g, 0, low);
            high = Flush<TBlocks>(b, x, panel, g, 8, high);
        }
        low.Store(sums);
        high.Store(sums + 8);
    }

    /// <param name="panel">Its levels are unpacked.</param>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Four<TBlocks, TDot>(RowPiece* x, int groups, Panel* panel, float* sums)
        where TBlocks : IIntegerBlocks where TDot : IByteDot
    {
        for (int g = 0; g < groups; g++)
        {
            byte* w = panel->Levels + g * 512;
            int* levels = (int*)(x->Levels + g * 32);
            Vector256<int> a0 = Start<TBlocks>(x, g, 0), b0 = a0, a1 = Start<TBlocks>(x + 1, g, 0), b1 = a1;
            Vector256<int> a2 = Start<TBlocks>(x + 2, g, 0), b2 = a2, a3 = Start<TBlocks>(x + 3, g, 0), b3 = a3;
            int half = TBlocks.IsHalved ? 4 : 8;
            for (int k = 0; k < half; k++, w += 64)
            {
                Vector256<byte> w0 = Vector256.Load(w), w1 = Vector256.Load(w + 32);
                Vector256<sbyte> four = Vector256.Create(levels[k]).AsSByte();
                a0 = Dot<TBlocks, TDot>(a0, w0, four);
                b0 = Dot<TBlocks, TDot>(b0, w1, four);
                four = Vector256.Create(levels[k + Next]).AsSByte();
                a1 = Dot<TBlocks, TDot>(a1, w0, four);
                b1 = Dot<TBlocks, TDot>(b1, w1, four);
                four = Vector256.Create(levels[k + 2 * Next]).AsSByte();
                a2 = Dot<TBlocks, TDot>(a2, w0, four);
                b2 = Dot<TBlocks, TDot>(b2, w1, four);
                four = Vector256.Create(levels[k + 3 * Next]).AsSByte();
                a3 = Dot<TBlocks, TDot>(a3, w0, four);
                b3 = Dot<TBlocks, TDot>(b3, w1, four);
            }
            if (TBlocks.IsHalved)
            {
                int* factors = panel->Factors + g * 32;
                Vector256<int> low = Vector256.Load(factors), high = Vector256.Load(factors + 8);
                a0 *= low;
                b0 *= high;
                a1 *= low;
                b1 *= high;
                a2 *= low;
                b2 *= high;
                a3 *= low;
                b3 *= high;
                Vector256<int> c0 = Start<TBlocks>(x, g, 1), d0 = c0, c1 = Start<TBlocks>(x + 1, g, 1), d1 = c1;
                Vector256<int> c2 = Start<TBlocks>(x + 2, g, 1), d2 = c2, c3 = Start<TBlocks>(x + 3, g, 1), d3 = c3;
                for (int k = 4; k < 8; k++, w += 64)
                {
                    Vector256<byte> w0 = Vector256.Load(w), w1 = Vector256.Load(w + 32);
                    Vector256<sbyte> four = Vector256.Create(levels[k]).AsSByte();
                    c0 = Dot<TBlocks, TDot>(c0, w0, four);
                    d0 = Dot<TBlocks, TDot>(d0, w1, four);
                    four = Vector256.Create(levels[k + Next]).AsSByte();
                    c1 = Dot<TBlocks, TDot>(c1, w0, four);
                    d1 = Dot<TBlocks, TDot>(d1, w1, four);
                    four = Vector256.Create(levels[k + 2 * Next]).AsSByte();
                    c2 = Dot<TBlocks, TDot>(c2, w0, four);
                    d2 = Dot<TBlocks, TDot>(d2, w1, four);
                    four = Vector256.Create(levels[k + 3 * Next]).AsSByte();
                    c3 = Dot<TBlocks, TDot>(c3, w0, four);
                    d3 = Dot<TBlocks, TDot>(d3, w1, four);
                }
                (low, high) = (Vector256.Load(factors + 16), Vector256.Load(factors + 24));
                a0 += c0 * low;
                b0 += d0 * high;
                a1 += c1 * low;
                b1 += d1 * high;
                a2 += c2 * low;
                b2 += d2 * high;
                a3 += c3 * low;
                b3 += d3 * high;
            }
            Add<TBlocks>(a0, b0, x, panel, g, sums);
            Add<TBlocks>(a1, b1, x + 1, panel, g, sums + 16);
            Add<TBlocks>(a2, b2, x + 2, panel, g, sums + 32);
            Add<TBlocks>(a3, b3, x + 3, panel, g, sums + 48);
        }
    }

    /// <summary>Bytes between what is read and what is fetched from memory.</summary>
    private const int Ahead = 2048;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Four(sbyte* levels, int k) => Vector256.Create(((int*)levels)[k]).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Low<TBlocks, TLevels, TDot>(byte* packed, int i)
        where TBlocks : IIntegerBlocks where TLevels : IPanelLevels where TDot : IByteDot => Flip<TBlocks, TDot>(TLevels.Low(packed, i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High<TBlocks, TLevels, TDot>(byte* packed, int i)
        where TBlocks : IIntegerBlocks where TLevels : IPanelLevels where TDot : IByteDot => Flip<TBlocks, TDot>(TLevels.High(packed, i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Flip<TBlocks, TDot>(Vector256<byte> levels) where TBlocks : IIntegerBlocks where TDot : IByteDot
        => TBlocks.IsSigned && TDot.Flips ? levels ^ Vector256.Create((byte)128) : levels;

    /// <summary>From a row's levels to the next one's, in steps of four.</summary>
    private const int Next = (256 + 64 + 32 + 32) / 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Start<TBlocks>(RowPiece* x, int g, int half) where TBlocks : IIntegerBlocks
        => Vector256.Create(x->Starts[TBlocks.IsHalved ? 2 * g + half : g]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot<TBlocks, TDot>(Vector256<int> sum, Vector256<byte> w, Vector256<sbyte> x)
        where TBlocks : IIntegerBlocks where TDot : IByteDot
        => TBlocks.IsSigned && !TDot.Flips ? TDot.AddSigned(sum, w.AsSByte(), x) : TDot.Add(sum, w, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TBlocks>(Vector256<int> a, Vector256<int> b, RowPiece* x, Panel* panel, int g, float* sums)
        where TBlocks : IIntegerBlocks
    {
        Flush<TBlocks>(a, x, panel, g, 0, Vector256.Load(sums)).Store(sums);
        Flush<TBlocks>(b, x, panel, g, 8, Vector256.Load(sums + 8)).Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Flush<TBlocks>(Vector256<int> exact, RowPiece* x, Panel* panel, int g, int part, Vector256<float> sum)
        where TBlocks : IIntegerBlocks
    {
        Vector256<float> scaled = Vector256.ConvertToSingle(exact) * Vector256.Create(x->Scales[g]);
        sum = Vector256.MultiplyAddEstimate(scaled, Vector256.Load(panel->Scales + g * Panel.Rows + part), sum);
        return TBlocks.HasShifts
            ? Vector256.MultiplyAddEstimate(Vector256.Create(x->Sums[g]), Vector256.Load(panel->Shifts + g * Panel.Rows + part), sum)
            : sum;
    }
}
