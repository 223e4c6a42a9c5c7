using System.Runtime.Intrinsics;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary><see cref="Q4_1"/> for integer products.</summary>
internal readonly unsafe struct IntegerQ4_1 : IIntegerBlocks
{
    public static int Columns => 32;
    public static int Bytes => 20;
    public static int Offset => 0;
    public static bool IsSigned => false;
    public static bool HasShifts => true;
    public static bool IsHalved => false;
    public static ScaleCode ScaleCode => ScaleCode.HalvesAndShifts;

    public static int ScaleBytes(int groups) => groups * 64;

    public static Vector256<byte> Levels(byte* block, int group) => BlockLevels.Nibbles(block + 4);

    public static void PackScales(byte* blocks, int groups, int row, byte* scales)
    {
        PanelScales.PackHalves(blocks, Bytes, groups, row, scales);
        PanelScales.PackHalves(blocks + 2, Bytes, groups, row, scales + groups * 32);
    }

    public static void UnpackScales(byte* packed, int groups, float* scales, float* shifts, int* factors)
    {
        PanelScales.UnpackHalves(packed, groups, false, scales);
        PanelScales.UnpackHalves(packed + groups * 32, groups, false, shifts);
    }
}
