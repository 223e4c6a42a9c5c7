using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>256 numbers in 210 bytes: x = d·s[g] · (q − 32), 16 groups g of 16 numbers, s signed bytes.</summary>
/// <remarks>
/// 128 bytes of low nibbles · 64 bytes of upper pairs of bits · 16 scales · d binary16. In each half h = 0, 1 of 128
/// columns, with i = 0..31:
/// byte 64h+i holds columns i (low nibble) and i+64 (high nibble), byte 64h+32+i columns i+32 and i+96;
/// the upper bits of columns i, i+32, i+64, i+96 are bits 0-1, 2-3, 4-5, 6-7 of byte 32h+i.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q6_K : ILevelBlock<Q6_K>
{
    private fixed byte nibbles[128];
    private fixed byte upper[64];
    private fixed sbyte scales[16];
    private Half d;

    public static int Columns => 256;
    public static int Bytes => 128 + 64 + 16 + 2;
    public static int Group => 16;
    public static int Top => 63;

    public static void Dequantize(Q6_K* block, float* target)
    {
        float d = (float)block->d;
        for (int quarter = 0; quarter < 8; quarter++)
        {
            int half = quarter / 4, part = quarter % 4;
            byte* low = block->nibbles + half * 64 + part % 2 * 32, high = block->upper + half * 32;
            for (int i = 0; i < 32; i++)
            {
                int level = (low[i] >> part / 2 * 4 & 15 | (high[i] >> part * 2 & 3) << 4) - 32;
                target[quarter * 32 + i] = d * block->scales[quarter * 2 + i / 16] * level;
            }
        }
    }

    public static bool Quantize(float* source, Q6_K* block) => Quantize(source, null, block);

    public static bool QuantizeWeighted(float* source, float* importance, float meanSquare, Q6_K* block)
        => Quantize(source, importance, block);

    private static bool Quantize(float* source, float* weights, Q6_K* block)
    {
        byte* levels = stackalloc byte[256];
        float* found = stackalloc float[16];
        for (int g = 0; g < 16; g++)
            found[g] = ScaleSearch.Symmetric(source + g * 16, 16, 32, levels + g * 16, weights == null ? null : weights + g * 16);
        float extreme = BlockRange.Extreme(found, 16);
        *block = default;
        if (MathF.Abs(extreme) < 1e-15f) return true;
        float inverse = -128f / extreme;
        block->d = (Half)(1 / inverse);
        for (int g = 0; g < 16; g++)
        {
            block->scales[g] = (sbyte)Math.Min(127, ScaleSearch.Nearest(inverse * found[g]));
            float scale = (float)block->d * block->scales[g];
            if (scale == 0) continue;
            for (int i = g * 16; i < g * 16 + 16; i++) levels[i] = (byte)(32 + ScaleSearch.Nearest(source[i] / scale, -32, 31));
        }
        block->Put(levels);
        return Half.IsFinite(block->d);
    }

    private void Put(byte* levels)
    {
        for (int i = 0; i < 256; i++)
        {
            int half = i / 128, part = i / 32 % 4, place = i % 32;
            nibbles[half * 64 + part % 2 * 32 + place] |= (byte)((levels[i] & 15) << part / 2 * 4);
            upper[half * 32 + place] |= (byte)(levels[i] >> 4 << part * 2);
        }
    }

    public static void Grid(Q6_K* block, float* scales, float* offsets)
    {
        for (int g = 0; g < 16; g++)
        {
            scales[g] = (float)block->d * block->scales[g];
            offsets[g] = -32 * scales[g];
        }
    }

    public static void PutLevels(Q6_K* block, byte* levels)
    {
        new Span<byte>(block->nibbles, 128).Clear();
        new Span<byte>(block->upper, 64).Clear();
        block->Put(levels);
    }
}
