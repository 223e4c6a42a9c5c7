using System.Runtime.Intrinsics;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary><see cref="Q4_K"/> for integer products.</summary>
internal readonly unsafe struct IntegerQ4_K : IIntegerBlocks
{
    public static int Columns => 256;
    public static int Bytes => 144;
    public static int Offset => 0;
    public static bool IsSigned => false;
    public static bool HasShifts => true;
    public static bool IsHalved => false;
    public static ScaleCode ScaleCode => ScaleCode.Affine;

    public static int ScaleBytes(int groups) => PanelScales.AffineBytes;

    public static Vector256<byte> Levels(byte* block, int group)
        => BlockLevels.Bits(block + 16 + group / 2 * 32, group % 2 * 4, 15);

    public static void PackScales(byte* blocks, int groups, int row, byte* scales) => PanelScales.PackAffine(blocks, row, scales);

    public static void UnpackScales(byte* packed, int groups, float* scales, float* shifts, int* factors)
        => PanelScales.UnpackAffine(packed, scales, shifts);
}
