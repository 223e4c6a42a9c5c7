using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>32 numbers in 24 bytes: x[j] = d · q[j] + m.</summary>
/// <remarks>
/// d, m binary16 · 32 fifth bits, bit j is column j · 16 bytes of nibbles: the low nibble of byte j is column j, the
/// high nibble column j + 16.
/// m = min x, d = (max x − m) / 31; q = (x − m) / d + 0.5 cut off, with d and m before their rounding to binary16.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q5_1 : ILevelBlock<Q5_1>
{
    private Half d, m;
    private uint fifth;
    private fixed byte nibbles[16];

    public static int Columns => 32;
    public static int Bytes => 2 + 2 + 4 + 16;
    public static int Group => 32;
    public static int Top => 31;

    public static void Dequantize(Q5_1* block, float* target)
    {
        float d = (float)block->d, m = (float)block->m;
        for (int j = 0; j < 16; j++)
        {
            target[j] = (block->nibbles[j] & 15 | (int)(block->fifth >> j & 1) << 4) * d + m;
            target[j + 16] = (block->nibbles[j] >> 4 | (int)(block->fifth >> (j + 16) & 1) << 4) * d + m;
        }
    }

    public static bool Quantize(float* source, Q5_1* block)
    {
        (float smallest, float largest) = BlockRange.Ends(source, 32);
        float d = (largest - smallest) / 31, inverse = d != 0 ? 1 / d : 0;
        (block->d, block->m) = ((Half)d, (Half)smallest);
        byte* levels = stackalloc byte[32];
        for (int j = 0; j < 32; j++) levels[j] = (byte)BlockRange.Level((source[j] - smallest) * inverse + 0.5f, 31);
        PackedFifths.Put(levels, out block->fifth, block->nibbles);
        return Half.IsFinite(block->d) && Half.IsFinite(block->m);
    }

    public static bool QuantizeWeighted(float* source, float* importance, float meanSquare, Q5_1* block)
    {
        float* weights = stackalloc float[32];
        byte* levels = stackalloc byte[32];
        ScaleSearch.Weigh(source, importance, meanSquare, 32, weights);
        (float scale, float minimum) = ScaleSearch.AffineWeighted(source, weights, 32, 31, levels);
        (block->d, block->m) = ((Half)scale, (Half)(-minimum));
        PackedFifths.Put(levels, out block->fifth, block->nibbles);
        return Half.IsFinite(block->d) && Half.IsFinite(block->m);
    }

    public static void Grid(Q5_1* block, float* scales, float* offsets)
    {
        scales[0] = (float)block->d;
        offsets[0] = (float)block->m;
    }

    public static void PutLevels(Q5_1* block, byte* levels) => PackedFifths.Put(levels, out block->fifth, block->nibbles);
}
