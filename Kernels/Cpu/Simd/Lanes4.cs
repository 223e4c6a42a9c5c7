using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>128 bits: SSE, NEON, WebAssembly; the portable operations of the run-time alone.</summary>
internal readonly unsafe struct Lanes4(Vector128<float> v) : ILanes<Lanes4>
{
    private readonly Vector128<float> v = v;

    public Vector128<float> Vector => v;

    public static int Count => 4;
    public static Lanes4 Zero => new(Vector128<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 All(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 LoadHalf(ushort* source)
    {
        // Exponent and mantissa move to float32's places, and 2^112 makes up for the other bias. Beyond the largest half stand Inf and NaN.
        Vector128<int> wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsInt16()) << 13;
        Vector128<float> value = (wide & Vector128.Create(unchecked((int)0x8fffe000))).AsSingle() * Vector128.Create(Lanes1.HalfScale);
        Vector128<float> special = Vector128.GreaterThanOrEqual(Vector128.Abs(value), Vector128.Create(65536f)) & Vector128.Create(
            float.PositiveInfinity);
        return new(value | special);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 LoadBFloat(ushort* source)
        => new((Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsUInt16()).AsInt32() << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 LoadBytes(sbyte* source)
        => new(Vector128.ConvertToSingle(Vector128.WidenLower(
            Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte()))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 MultiplyAdd(Lanes4 a, Lanes4 b, Lanes4 c) => new(Vector128.MultiplyAddEstimate(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Max(Lanes4 a, Lanes4 b) => new(Vector128.MaxNative(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Abs(Lanes4 a) => new(Vector128.Abs(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Exp(Lanes4 a) => new(Vector128.Exp(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Less(Lanes4 a, Lanes4 b, Lanes4 yes, Lanes4 no)
        => new(Vector128.ConditionalSelect(Vector128.LessThan(a.v, b.v), yes.v, no.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 CopySign(Lanes4 a, Lanes4 b) => new(Vector128.CopySign(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes4 a) => Vector128.Sum(a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes4 a) => MathF.Max(MathF.Max(a.v[0], a.v[1]), MathF.Max(a.v[2], a.v[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator +(Lanes4 a, Lanes4 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator -(Lanes4 a, Lanes4 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator *(Lanes4 a, Lanes4 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator /(Lanes4 a, Lanes4 b) => new(a.v / b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target) => v.Store(target);
}
