using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>A panel is 16 rows of up to 256 columns of a weight; 32 columns are a group.</summary>
internal static class PanelShape
{
    public const int Rows = 16;
    public const int Columns = 256;
    public const int Group = 32;
}

/// <summary>Scales of 16 rows, side by side.</summary>
internal static unsafe class PanelScales
{
    public const int Rows = PanelShape.Rows;

    private const int Halves = 2 * Rows; // bytes

    /// <summary>16 halves as float32, what is beyond the largest as infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand(byte* halves, bool negate, float* target)
    {
        Vector256<ushort> all = Vector256.Load((ushort*)halves);
        Expand(Vector256.WidenLower(all), negate).Store(target);
        Expand(Vector256.WidenUpper(all), negate).Store(target + 8);
    }

    /// <summary>target[r] = scale[r] · byte[r].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scale(float* scales, byte* bytes, float* target)
    {
        Vector256<ushort> all = Vector256.WidenLower(Vector128.Load(bytes).ToVector256Unsafe());
        (Vector256.Load(scales) * Vector256.ConvertToSingle(Vector256.WidenLower(all).AsInt32())).Store(target);
        (Vector256.Load(scales + 8) * Vector256.ConvertToSingle(Vector256.WidenUpper(all).AsInt32())).Store(target + 8);
    }

    /// <summary>Signed bytes as whole numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen(byte* bytes, int* target)
    {
        Vector256<short> all = Vector256.WidenLower(Vector128.Load((sbyte*)bytes).ToVector256Unsafe());
        Vector256.WidenLower(all).Store(target);
        Vector256.WidenUpper(all).Store(target + 8);
    }

    /// <summary>Blocks of 32 columns that begin with a half: (groups, 16 rows).</summary>
    public static void PackHalves(byte* blocks, int bytes, int groups, int row, byte* scales)
    {
        for (int g = 0; g < groups; g++) ((ushort*)(scales + g * Halves))[row] = Unsafe.ReadUnaligned<ushort>(blocks + g * bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void UnpackHalves(byte* packed, int groups, bool negate, float* target)
    {
        for (int g = 0; g < groups; g++) Expand(packed + g * Halves, negate, target + g * Rows);
    }

    /// <summary>Blocks of Q4_K and Q5_K, for 16 rows: d, dmin, then for each group the bytes of scales and of minima.</summary>
    public static void PackAffine(byte* block, int row, byte* scales)
    {
        PackHalves(block, 0, 1, row, scales);
        PackHalves(block + 2, 0, 1, row, scales + Halves);
        for (int g = 0; g < 8; g++)
        {
            (int scale, int minimum) = AffineSuperBlock.Get(block + 4, g);
            byte* group = scales + 2 * Halves + g * 2 * Rows + row;
            (group[0], group[Rows]) = ((byte)scale, (byte)minimum);
        }
    }

    public const int AffineBytes = 2 * Halves + 8 * 2 * Rows;

    public static void UnpackAffine(byte* packed, float* scales, float* shifts)
    {
        float* d = stackalloc float[2 * Rows];
        Expand(packed, false, d);
        Expand(packed + Halves, true, d + Rows);
        byte* group = packed + 2 * Halves;
        for (int g = 0; g < 8; g++, group += 2 * Rows)
        {
            Scale(d, group, scales + g * Rows);
            Scale(d + Rows, group + Rows, shifts + g * Rows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Expand(Vector256<uint> bits, bool negate)
    {
        // As Lanes8.LoadHalf.
        Vector256<float> value = ((bits << 13) & Vector256.Create(0x0fffe000u)).AsSingle() * Vector256.Create(Lanes1.HalfScale);
        Vector256<uint> special = Vector256.GreaterThanOrEqual(value, Vector256.Create(65536f)).AsUInt32() & Vector256.Create(0x7f800000u);
        Vector256<uint> sign = ((negate ? ~bits : bits) << 16) & Vector256.Create(0x80000000u);
        return (value.AsUInt32() | special | sign).AsSingle();
    }
}
