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
    public static void Expand(byte* halves, float sign, float* target)
    {
        Vector256<short> all = Vector256.Load((short*)halves);
        Expand(all.GetLower(), sign).Store(target);
        Expand(all.GetUpper(), sign).Store(target + 8);
    }

    /// <summary>target[r] = scale[r] · byte[r].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scale(float* scales, byte* bytes, float* target)
    {
        Vector128<byte> all = Vector128.Load(bytes);
        Vector128<ushort> low = Vector128.WidenLower(all), high = Vector128.WidenUpper(all);
        (Vector256.Load(scales) * Vector256.ConvertToSingle(Wide(low.AsInt16()))).Store(target);
        (Vector256.Load(scales + 8) * Vector256.ConvertToSingle(Wide(high.AsInt16()))).Store(target + 8);
    }

    /// <summary>Signed bytes as whole numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen(byte* bytes, int* target)
    {
        Vector128<sbyte> all = Vector128.Load((sbyte*)bytes);
        Wide(Vector128.WidenLower(all)).Store(target);
        Wide(Vector128.WidenUpper(all)).Store(target + 8);
    }

    /// <summary>Blocks of 32 columns that begin with a half: (groups, 16 rows).</summary>
    public static void PackHalves(byte* blocks, int bytes, int groups, int row, byte* scales)
    {
        for (int g = 0; g < groups; g++) ((ushort*)(scales + g * Halves))[row] = Unsafe.ReadUnaligned<ushort>(blocks + g * bytes);
    }

    public static void UnpackHalves(byte* packed, int groups, float sign, float* target)
    {
        for (int g = 0; g < groups; g++) Expand(packed + g * Halves, sign, target + g * Rows);
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
        Expand(packed, 1, d);
        Expand(packed + Halves, -1, d + Rows);
        byte* group = packed + 2 * Halves;
        for (int g = 0; g < 8; g++, group += 2 * Rows)
        {
            Scale(d, group, scales + g * Rows);
            Scale(d + Rows, group + Rows, shifts + g * Rows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Expand(Vector128<short> halves, float sign)
    {
        // As Lanes8.LoadHalf.
        Vector256<int> wide = Wide(halves) << 13;
        Vector256<float> value = (wide & Vector256.Create(unchecked((int)0x8fffe000))).AsSingle() * Vector256.Create(Lanes1.HalfScale);
        Vector256<float> special = Vector256.GreaterThanOrEqual(Vector256.Abs(value), Vector256.Create(65536f))
            & Vector256.Create(float.PositiveInfinity);
        return (value | special) * Vector256.Create(sign);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Wide(Vector128<short> values)
        => Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));
}
