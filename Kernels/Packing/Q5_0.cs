using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>32 numbers in 22 bytes: x[j] = d · (q[j] − 16).</summary>
/// <remarks>
/// d binary16 · 32 fifth bits, bit j is column j · 16 bytes of nibbles: the low nibble of byte j is column j, the
/// high nibble column j + 16.
/// d = m / −16, m the number of largest magnitude with its sign; q = x / d + 16.5 cut off, at most 31, with the d before its rounding.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q5_0 : ILevelBlock<Q5_0>
{
    private Half d;
    private uint fifth;
    private fixed byte nibbles[16];

    public static int Columns => 32;
    public static int Bytes => 2 + 4 + 16;
    public static int Group => 32;
    public static int Top => 31;

    public static void Dequantize(Q5_0* block, float* target)
    {
        float d = (float)block->d;
        for (int j = 0; j < 16; j++)
        {
            target[j] = ((block->nibbles[j] & 15 | (int)(block->fifth >> j & 1) << 4) - 16) * d;
            target[j + 16] = ((block->nibbles[j] >> 4 | (int)(block->fifth >> (j + 16) & 1) << 4) - 16) * d;
        }
    }

    public static bool Quantize(float* source, Q5_0* block)
    {
        float d = BlockRange.Extreme(source, 32) / -16, inverse = d != 0 ? 1 / d : 0;
        byte* levels = stackalloc byte[32];
        for (int j = 0; j < 32; j++) levels[j] = (byte)BlockRange.Level(source[j] * inverse + 16.5f, 31);
        PackedFifths.Put(levels, out block->fifth, block->nibbles);
        block->d = (Half)d;
        return Half.IsFinite(block->d);
    }

    public static bool QuantizeWeighted(float* source, float* importance, float meanSquare, Q5_0* block)
    {
        float* weights = stackalloc float[32];
        byte* levels = stackalloc byte[32];
        ScaleSearch.Weigh(source, importance, meanSquare, 32, weights);
        block->d = (Half)ScaleSearch.Symmetric(source, 32, 16, levels, weights);
        PackedFifths.Put(levels, out block->fifth, block->nibbles);
        return Half.IsFinite(block->d);
    }

    public static void Grid(Q5_0* block, float* scales, float* offsets)
    {
        scales[0] = (float)block->d;
        offsets[0] = -16 * scales[0];
    }

    public static void PutLevels(Q5_0* block, byte* levels) => PackedFifths.Put(levels, out block->fifth, block->nibbles);
}
