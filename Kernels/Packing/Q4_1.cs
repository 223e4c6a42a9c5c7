using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>32 numbers in 20 bytes: x[j] = d · q[j] + m.</summary>
/// <remarks>
/// d, m binary16 · 16 bytes of nibbles: the low nibble of byte j is column j, the high nibble column j + 16.
/// m = min x, d = (max x − m) / 15; q = (x − m) / d + 0.5 cut off, with d and m before their rounding to binary16.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q4_1 : ILevelBlock<Q4_1>
{
    private Half d, m;
    private fixed byte nibbles[16];

    public static int Columns => 32;
    public static int Bytes => 2 + 2 + 16;
    public static int Group => 32;
    public static int Top => 15;

    public static void Dequantize(Q4_1* block, float* target)
    {
        float d = (float)block->d, m = (float)block->m;
        for (int j = 0; j < 16; j++)
        {
            target[j] = (block->nibbles[j] & 15) * d + m;
            target[j + 16] = (block->nibbles[j] >> 4) * d + m;
        }
    }

    public static bool Quantize(float* source, Q4_1* block)
    {
        (float smallest, float largest) = BlockRange.Ends(source, 32);
        float d = (largest - smallest) / 15, inverse = d != 0 ? 1 / d : 0;
        (block->d, block->m) = ((Half)d, (Half)smallest);
        for (int j = 0; j < 16; j++)
        {
            int low = BlockRange.Level((source[j] - smallest) * inverse + 0.5f, 15);
            int high = BlockRange.Level((source[j + 16] - smallest) * inverse + 0.5f, 15);
            block->nibbles[j] = (byte)(low | high << 4);
        }
        return Half.IsFinite(block->d) && Half.IsFinite(block->m);
    }

    public static bool QuantizeWeighted(float* source, float* importance, float meanSquare, Q4_1* block)
    {
        float* weights = stackalloc float[32];
        byte* levels = stackalloc byte[32];
        ScaleSearch.Weigh(source, importance, meanSquare, 32, weights);
        (float scale, float minimum) = ScaleSearch.AffineWeighted(source, weights, 32, 15, levels);
        (block->d, block->m) = ((Half)scale, (Half)(-minimum));
        for (int j = 0; j < 16; j++) block->nibbles[j] = (byte)(levels[j] | levels[j + 16] << 4);
        return Half.IsFinite(block->d) && Half.IsFinite(block->m);
    }

    public static void Grid(Q4_1* block, float* scales, float* offsets)
    {
        scales[0] = (float)block->d;
        offsets[0] = (float)block->m;
    }

    public static void PutLevels(Q4_1* block, byte* levels)
    {
        for (int j = 0; j < 16; j++) block->nibbles[j] = (byte)(levels[j] | levels[j + 16] << 4);
    }
}
