using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>256 numbers in 176 bytes: x = d·s[g] · q − dmin·m[g], 8 groups g of 32 numbers, s and m of 6 bits.</summary>
/// <remarks>
/// d, dmin binary16 · 12 bytes of s and m (<see cref="AffineSuperBlock"/>) · 32 bytes of fifth bits: bit g of byte i is column 32g+i ·
/// 128 bytes of nibbles as in <see cref="Q4_K"/>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q5_K : ILevelBlock<Q5_K>
{
    private Half d, minimum;
    private fixed byte scales[12];
    private fixed byte fifth[32];
    private fixed byte nibbles[128];

    public static int Columns => 256;
    public static int Bytes => 2 + 2 + 12 + 32 + 128;
    public static int Group => 32;
    public static int Top => 31;

    public static void Dequantize(Q5_K* block, float* target)
    {
        float d = (float)block->d, minimum = (float)block->minimum;
        for (int g = 0; g < 8; g++)
        {
            (int scale, int offset) = AffineSuperBlock.Get(block->scales, g);
            float s = d * scale, m = minimum * offset;
            byte* source = block->nibbles + g / 2 * 32;
            int shift = g % 2 * 4;
            for (int i = 0; i < 32; i++) target[g * 32 + i] = s * (source[i] >> shift & 15 | (block->fifth[i] >> g & 1) << 4) - m;
        }
    }

    public static bool Quantize(float* source, Q5_K* block)
    {
        byte* levels = stackalloc byte[256];
        bool fit = AffineSuperBlock.Quantize(source, 31, -0.5f, 15, block->scales, levels, out block->d, out block->minimum);
        block->Put(levels);
        return fit;
    }

    public static bool QuantizeWeighted(float* source, float* importance, float meanSquare, Q5_K* block)
    {
        byte* levels = stackalloc byte[256];
        bool fit = AffineSuperBlock.QuantizeWeighted(source, importance, 31, block->scales, levels, out block->d, out block->minimum);
        block->Put(levels);
        return fit;
    }

    private void Put(byte* levels)
    {
        for (int i = 0; i < 32; i++) fifth[i] = 0;
        for (int i = 0; i < 256; i++) fifth[i % 32] |= (byte)(levels[i] >> 4 << i / 32);
        for (int i = 0; i < 128; i++)
        {
            byte* low = levels + i / 32 * 64 + i % 32;
            nibbles[i] = (byte)(low[0] & 15 | (low[32] & 15) << 4);
        }
    }

    public static void Grid(Q5_K* block, float* scales, float* offsets)
        => AffineSuperBlock.Grid(block->scales, (float)block->d, (float)block->minimum, scales, offsets);

    public static void PutLevels(Q5_K* block, byte* levels) => block->Put(levels);
}
