using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>32 numbers in 18 bytes: x[j] = d · (q[j] − 8).</summary>
/// <remarks>
/// d binary16 · 16 bytes of nibbles: the low nibble of byte j is column j, the high nibble column j + 16.
/// d = m / −8, m the number of largest magnitude with its sign, so that m itself is level 0; q = x / d + 8.5 cut off, at most 15, with the
/// d before its rounding to binary16.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q4_0 : ILevelBlock<Q4_0>
{
    private Half d;
    private fixed byte nibbles[16];

    public static int Columns => 32;
    public static int Bytes => 2 + 16;
    public static int Group => 32;
    public static int Top => 15;

    public static void Dequantize(Q4_0* block, float* target)
    {
        float d = (float)block->d;
        for (int j = 0; j < 16; j++)
        {
            target[j] = ((block->nibbles[j] & 15) - 8) * d;
            target[j + 16] = ((block->nibbles[j] >> 4) - 8) * d;
        }
    }

    public static bool Quantize(float* source, Q4_0* block)
    {
        float d = BlockRange.Extreme(source, 32) / -8, inverse = d != 0 ? 1 / d : 0;
        block->d = (Half)d;
        for (int j = 0; j < 16; j++)
            block->nibbles[j] = (byte)(BlockRange.Level(source[j] * inverse + 8.5f, 15)
                | BlockRange.Level(source[j + 16] * inverse + 8.5f, 15) << 4);
        return Half.IsFinite(block->d);
    }

    public static bool QuantizeWeighted(float* source, float* importance, float meanSquare, Q4_0* block)
    {
        float* weights = stackalloc float[32];
        byte* levels = stackalloc byte[32];
        ScaleSearch.Weigh(source, importance, meanSquare, 32, weights);
        block->d = (Half)ScaleSearch.Symmetric(source, 32, 8, levels, weights);
        for (int j = 0; j < 16; j++) block->nibbles[j] = (byte)(levels[j] | levels[j + 16] << 4);
        return Half.IsFinite(block->d);
    }

    public static void Grid(Q4_0* block, float* scales, float* offsets)
    {
        scales[0] = (float)block->d;
        offsets[0] = -8 * scales[0];
    }

    public static void PutLevels(Q4_0* block, byte* levels)
    {
        for (int j = 0; j < 16; j++) block->nibbles[j] = (byte)(levels[j] | levels[j + 16] << 4);
    }
}
