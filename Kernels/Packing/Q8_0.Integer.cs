using System.Runtime.Intrinsics;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary><see cref="Q8_0"/> for integer products.</summary>
internal readonly unsafe struct IntegerQ8_0 : IIntegerBlocks
{
    public static int Columns => 32;
    public static int Bytes => 34;
    public static int Offset => 0;
    public static bool IsSigned => true;
    public static bool HasShifts => false;
    public static bool IsHalved => false;
    public static ScaleCode ScaleCode => ScaleCode.Halves;

    public static int ScaleBytes(int groups) => groups * 32;

    public static Vector256<byte> Levels(byte* block, int group) => Vector256.Load(block + 2);

    public static void PackScales(byte* blocks, int groups, int row, byte* scales)
        => PanelScales.PackHalves(blocks, Bytes, groups, row, scales);

    public static void UnpackScales(byte* packed, int groups, float* scales, float* shifts, int* factors)
        => PanelScales.UnpackHalves(packed, groups, false, scales);
}
