using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>512 bits: AVX-512.</summary>
internal readonly unsafe struct Lanes16(Vector512<float> v) : ILanes<Lanes16>
{
    private readonly Vector512<float> v = v;

    public static int Count => 16;
    public static Lanes16 Zero => new(Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 All(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LoadHalf(ushort* source)
    {
        // Exponent and mantissa move to float32's places, and 2^112 makes up for the other bias. Beyond the largest half stand Inf and NaN.
        Vector512<int> wide = Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << 13;
        Vector512<float> value = (wide & Vector512.Create(unchecked((int)0x8fffe000))).AsSingle() * Vector512.Create(Lanes1.HalfScale);
        Vector512<float> special = Vector512.GreaterThanOrEqual(Vector512.Abs(value), Vector512.Create(65536f)) & Vector512.Create(
            float.PositiveInfinity);
        return new(value | special);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LoadBFloat(ushort* source) => new((Avx512F.ConvertToVector512Int32(Vector256.Load(source)) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LoadBytes(sbyte* source)
        => new(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 MultiplyAdd(Lanes16 a, Lanes16 b, Lanes16 c) => new(Vector512.MultiplyAddEstimate(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Max(Lanes16 a, Lanes16 b) => new(Vector512.MaxNative(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Abs(Lanes16 a) => new(Vector512.Abs(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Exp(Lanes16 a) => new(Vector512.Exp(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Less(Lanes16 a, Lanes16 b, Lanes16 yes, Lanes16 no)
        => new(Vector512.ConditionalSelect(Vector512.LessThan(a.v, b.v), yes.v, no.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 CopySign(Lanes16 a, Lanes16 b) => new(Vector512.CopySign(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes16 a) => Vector512.Sum(a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes16 a) => Lanes8.Largest(new(Vector256.MaxNative(a.v.GetLower(), a.v.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator +(Lanes16 a, Lanes16 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator -(Lanes16 a, Lanes16 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator *(Lanes16 a, Lanes16 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator /(Lanes16 a, Lanes16 b) => new(a.v / b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target) => v.Store(target);
}
