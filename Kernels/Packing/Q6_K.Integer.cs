using System.Runtime.Intrinsics;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary><see cref="Q6_K"/> for integer products.</summary>
internal readonly unsafe struct IntegerQ6_K : IIntegerBlocks
{
    public static int Columns => 256;
    public static int Bytes => 210;
    public static int Offset => 32;
    public static bool IsSigned => false;
    public static bool HasShifts => false;
    public static bool IsHalved => true;
    public static ScaleCode ScaleCode => ScaleCode.Factors;

    public static int ScaleBytes(int groups) => (2 + 2 * groups) * PanelScales.Rows;

    public static Vector256<byte> Levels(byte* block, int group)
    {
        int half = group / 4, part = group % 4;
        return BlockLevels.With(BlockLevels.Bits(block + half * 64 + part % 2 * 32, part / 2 * 4, 15),
            BlockLevels.Bits(block + 128 + half * 32, part * 2, 3));
    }

    /// <summary>d, then for each group the factors of its two halves.</summary>
    public static void PackScales(byte* blocks, int groups, int row, byte* scales)
    {
        PanelScales.PackHalves(blocks + 208, 0, 1, row, scales);
        for (int half = 0; half < 2 * groups; half++) scales[(2 + half) * PanelScales.Rows + row] = blocks[192 + half];
    }

    public static void UnpackScales(byte* packed, int groups, float* scales, float* shifts, int* factors)
    {
        PanelScales.Expand(packed, false, scales);
        Vector256<float> low = Vector256.Load(scales), high = Vector256.Load(scales + 8);
        for (float* end = scales + groups * PanelScales.Rows; (scales += PanelScales.Rows) < end;)
        {
            low.Store(scales);
            high.Store(scales + 8);
        }
        for (int half = 0; half < 2 * groups; half++)
            PanelScales.Widen(packed + (2 + half) * PanelScales.Rows, factors + half * PanelScales.Rows);
    }
}
