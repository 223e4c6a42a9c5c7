using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>256 numbers in 144 bytes: x = d·s[g] · q − dmin·m[g], 8 groups g of 32 numbers, s and m of 6 bits.</summary>
/// <remarks>
/// d, dmin binary16 · 12 bytes of s and m (<see cref="AffineSuperBlock"/>) · 128 bytes of nibbles: of bytes 32p..32p+31 (p = 0..3) the low
/// nibbles are columns 64p..64p+31, the high nibbles columns 64p+32..64p+63.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q4_K : ILevelBlock<Q4_K>
{
    private Half d, minimum;
    private fixed byte scales[12];
    private fixed byte nibbles[128];

    public static int Columns => 256;
    public static int Bytes => 2 + 2 + 12 + 128;
    public static int Group => 32;
    public static int Top => 15;

    public static void Dequantize(Q4_K* block, float* target)
    {
        float d = (float)block->d, minimum = (float)block->minimum;
        for (int g = 0; g < 8; g++)
        {
            (int scale, int offset) = AffineSuperBlock.Get(block->scales, g);
            float s = d * scale, m = minimum * offset;
            byte* source = block->nibbles + g / 2 * 32;
            int shift = g % 2 * 4;
            for (int i = 0; i < 32; i++) target[g * 32 + i] = s * (source[i] >> shift & 15) - m;
        }
    }

    public static bool Quantize(float* source, Q4_K* block)
    {
        byte* levels = stackalloc byte[256];
        bool fit = AffineSuperBlock.Quantize(source, 15, -1, 20, block->scales, levels, out block->d, out block->minimum);
        block->Put(levels);
        return fit;
    }

    public static bool QuantizeWeighted(float* source, float* importance, float meanSquare, Q4_K* block)
    {
        byte* levels = stackalloc byte[256];
        bool fit = AffineSuperBlock.QuantizeWeighted(source, importance, 15, block->scales, levels, out block->d, out block->minimum);
        block->Put(levels);
        return fit;
    }

    private void Put(byte* levels)
    {
        for (int i = 0; i < 128; i++)
        {
            byte* low = levels + i / 32 * 64 + i % 32;
            nibbles[i] = (byte)(low[0] | low[32] << 4);
        }
    }

    public static void Grid(Q4_K* block, float* scales, float* offsets)
        => AffineSuperBlock.Grid(block->scales, (float)block->d, (float)block->minimum, scales, offsets);

    public static void PutLevels(Q4_K* block, byte* levels) => block->Put(levels);
}
