using System.Numerics;

namespace EdgeVideoLlava.Tests.Ptx.Instructions;

/// <summary>How numbers of one PTX type lie in a register.</summary>
internal interface INumberType<T> where T : INumber<T>
{
    /// <summary>The type's name in opcodes.</summary>
    static abstract string Name { get; }

    static abstract T Number(ulong bits);

    static abstract ulong Bits(T number);
}

internal readonly struct S32 : INumberType<int>
{
    public static string Name => "s32";

    public static int Number(ulong bits) => (int)bits;

    public static ulong Bits(int number) => (uint)number;
}

internal readonly struct U32 : INumberType<uint>
{
    public static string Name => "u32";

    public static uint Number(ulong bits) => (uint)bits;

    public static ulong Bits(uint number) => number;
}

internal readonly struct S64 : INumberType<long>
{
    public static string Name => "s64";

    public static long Number(ulong bits) => (long)bits;

    public static ulong Bits(long number) => (ulong)number;
}

internal readonly struct U64 : INumberType<ulong>
{
    public static string Name => "u64";

    public static ulong Number(ulong bits) => bits;

    public static ulong Bits(ulong number) => number;
}

internal readonly struct F32 : INumberType<float>
{
    public static string Name => "f32";

    public static float Number(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    public static ulong Bits(float number) => BitConverter.SingleToUInt32Bits(number);
}

internal readonly struct F64 : INumberType<double>
{
    public static string Name => "f64";

    public static double Number(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    public static ulong Bits(double number) => BitConverter.DoubleToUInt64Bits(number);
}

/// <summary>binary16, in the low 16 bits.</summary>
internal static class F16
{
    public static float Number(ulong bits) => (float)BitConverter.UInt16BitsToHalf((ushort)bits);

    /// <summary>The nearest, ties to even.</summary>
    public static ulong Bits(float number) => BitConverter.HalfToUInt16Bits((Half)number);
}
