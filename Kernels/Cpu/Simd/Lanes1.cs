using System.Runtime.CompilerServices;

namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>One number: the remainders of the wider ones, and processors without SIMD.</summary>
internal readonly unsafe struct Lanes1(float v) : ILanes<Lanes1>
{
    /// <summary>2^112, the difference of the biases of float32 and binary16 as a factor.</summary>
    internal const float HalfScale = 5192296858534827628530496329220096f;

    private readonly float v = v;

    public static int Count => 1;
    public static Lanes1 Zero => default;
    public static Lanes1 All(float value) => new(value);
    public static Lanes1 Load(float* source) => new(*source);
    public static Lanes1 LoadHalf(ushort* source) => new((float)BitConverter.UInt16BitsToHalf(*source));
    public static Lanes1 LoadBFloat(ushort* source) => new(BitConverter.UInt32BitsToSingle((uint)*source << 16));
    public static Lanes1 LoadBytes(sbyte* source) => new(*source);
    public static Lanes1 MultiplyAdd(Lanes1 a, Lanes1 b, Lanes1 c) => new(float.MultiplyAddEstimate(a.v, b.v, c.v));
    public static Lanes1 Max(Lanes1 a, Lanes1 b) => new(a.v > b.v ? a.v : b.v);
    public static Lanes1 Abs(Lanes1 a) => new(MathF.Abs(a.v));
    public static Lanes1 Exp(Lanes1 a) => new(MathF.Exp(a.v));
    public static Lanes1 Less(Lanes1 a, Lanes1 b, Lanes1 yes, Lanes1 no) => a.v < b.v ? yes : no;
    public static Lanes1 CopySign(Lanes1 a, Lanes1 b) => new(MathF.CopySign(a.v, b.v));
    public static float Sum(Lanes1 a) => a.v;
    public static float Largest(Lanes1 a) => a.v;
    public static Lanes1 operator +(Lanes1 a, Lanes1 b) => new(a.v + b.v);
    public static Lanes1 operator -(Lanes1 a, Lanes1 b) => new(a.v - b.v);
    public static Lanes1 operator *(Lanes1 a, Lanes1 b) => new(a.v * b.v);
    public static Lanes1 operator /(Lanes1 a, Lanes1 b) => new(a.v / b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target) => *target = v;
}
