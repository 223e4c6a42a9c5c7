using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>sum[i] + Σ levels[4i + j] · x[4i + j], j = 0..3: exact in each way that a processor has for it, so all ways give the
/// same.</summary>
internal interface IByteDot
{
    /// <summary>Signed levels are to be handed over plus 128, as unsigned ones; <see cref="AddSigned"/> is not used then.</summary>
    static abstract bool Flips { get; }

    /// <summary>Levels 0 to 63; or 0 to 255 where <see cref="Flips"/>. x is -127 to 127.</summary>
    static abstract Vector256<int> Add(Vector256<int> sum, Vector256<byte> levels, Vector256<sbyte> x);

    static abstract Vector256<int> AddSigned(Vector256<int> sum, Vector256<sbyte> levels, Vector256<sbyte> x);
}

/// <summary>AVX-VNNI: one instruction.</summary>
internal readonly struct VnniDot : IByteDot
{
    public static bool Flips => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> levels, Vector256<sbyte> x)
        => AvxVnni.MultiplyWideningAndAdd(sum, levels, x);

    public static Vector256<int> AddSigned(Vector256<int> sum, Vector256<sbyte> levels, Vector256<sbyte> x)
        => throw new NotSupportedException();
}

/// <summary>AVX2: pairs to 16 bits, which saturate beyond 128 · 127 · 2, then to 32.</summary>
internal readonly struct Avx2Dot : IByteDot
{
    public static bool Flips => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> levels, Vector256<sbyte> x)
        => sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(levels, x), Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSigned(Vector256<int> sum, Vector256<sbyte> levels, Vector256<sbyte> x)
        => Add(sum, Avx2.Abs(levels), Avx2.Sign(x, levels));
}

/// <summary>128 bits at a time: NEON's dot product, SSSE3, or none of them.</summary>
internal readonly struct HalvesDot : IByteDot
{
    public static bool Flips => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> levels, Vector256<sbyte> x)
        => Vector256.Create(Add(sum.GetLower(), levels.GetLower(), x.GetLower()), Add(sum.GetUpper(), levels.GetUpper(), x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSigned(Vector256<int> sum, Vector256<sbyte> levels, Vector256<sbyte> x)
        => Vector256.Create(AddSigned(sum.GetLower(), levels.GetLower(), x.GetLower()),
            AddSigned(sum.GetUpper(), levels.GetUpper(), x.GetUpper()));

    private static Vector128<int> Add(Vector128<int> sum, Vector128<byte> levels, Vector128<sbyte> x)
        => Dp.IsSupported ? Dp.DotProduct(sum, levels.AsSByte(), x)
            : Ssse3.IsSupported
                ? sum + Sse2.MultiplyAddAdjacent(Ssse3.MultiplyAddAdjacent(levels, x), Vector128<short>.One)
                : PlainDot.Add(sum, levels.AsSByte(), x);

    private static Vector128<int> AddSigned(Vector128<int> sum, Vector128<sbyte> levels, Vector128<sbyte> x)
        => Dp.IsSupported ? Dp.DotProduct(sum, levels, x)
            : Ssse3.IsSupported ? Add(sum, Ssse3.Abs(levels), Ssse3.Sign(x, levels))
            : PlainDot.Add(sum, levels, x);
}

/// <summary>Number by number: what the others are held to.</summary>
internal readonly struct PlainDot : IByteDot
{
    public static bool Flips => false;

    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> levels, Vector256<sbyte> x) => AddSigned(sum, levels.AsSByte(), x);

    public static Vector256<int> AddSigned(Vector256<int> sum, Vector256<sbyte> levels, Vector256<sbyte> x)
        => Vector256.Create(Add(sum.GetLower(), levels.GetLower(), x.GetLower()), Add(sum.GetUpper(), levels.GetUpper(), x.GetUpper()));

    internal static Vector128<int> Add(Vector128<int> sum, Vector128<sbyte> levels, Vector128<sbyte> x)
    {
        for (int i = 0; i < 16; i++) sum = sum.WithElement(i / 4, sum[i / 4] + levels[i] * x[i]);
        return sum;
    }
}
