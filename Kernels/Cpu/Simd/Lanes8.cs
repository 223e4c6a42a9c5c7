using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>256 bits: AVX2.</summary>
internal readonly unsafe struct Lanes8(Vector256<float> v) : ILanes<Lanes8>
{
    private readonly Vector256<float> v = v;

    public static int Count => 8;
    public static Lanes8 Zero => new(Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 All(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LoadHalf(ushort* source)
    {
        // Exponent and mantissa move to float32's places, and 2^112 makes up for the other bias. Beyond the largest half stand Inf and NaN.
        Vector256<int> wide = Avx2.ConvertToVector256Int32(Vector128.Load((short*)source)) << 13;
        Vector256<float> value = (wide & Vector256.Create(unchecked((int)0x8fffe000))).AsSingle() * Vector256.Create(Lanes1.HalfScale);
        Vector256<float> special = Vector256.GreaterThanOrEqual(Vector256.Abs(value), Vector256.Create(65536f)) & Vector256.Create(
            float.PositiveInfinity);
        return new(value | special);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LoadBFloat(ushort* source) => new((Avx2.ConvertToVector256Int32(Vector128.Load(source)) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LoadBytes(sbyte* source)
        => new(Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(*(long*)source).AsSByte())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 MultiplyAdd(Lanes8 a, Lanes8 b, Lanes8 c) => new(Vector256.MultiplyAddEstimate(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Max(Lanes8 a, Lanes8 b) => new(Vector256.MaxNative(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Abs(Lanes8 a) => new(Vector256.Abs(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Exp(Lanes8 a) => new(Vector256.Exp(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Less(Lanes8 a, Lanes8 b, Lanes8 yes, Lanes8 no)
        => new(Vector256.ConditionalSelect(Vector256.LessThan(a.v, b.v), yes.v, no.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 CopySign(Lanes8 a, Lanes8 b) => new(Vector256.CopySign(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes8 a) => Vector256.Sum(a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes8 a) => Lanes4.Largest(new(Vector128.MaxNative(a.v.GetLower(), a.v.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator +(Lanes8 a, Lanes8 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator -(Lanes8 a, Lanes8 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator *(Lanes8 a, Lanes8 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator /(Lanes8 a, Lanes8 b) => new(a.v / b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target) => v.Store(target);
}
