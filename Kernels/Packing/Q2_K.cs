using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>256 numbers in 84 bytes: x = d·s[g] · q − dmin·m[g], 16 groups g of 16 numbers, s and m of 4 bits. Read only.</summary>
/// <remarks>
/// 16 bytes of s (low nibble) and m (high nibble) · 64 bytes of pairs of bits: in each half h = 0, 1 of 128 columns byte 32h+i (i = 0..31)
/// holds columns i, i+32, i+64, i+96 in bits 0-1, 2-3, 4-5, 6-7 · d, dmin binary16.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q2_K : IBlock<Q2_K>
{
    private fixed byte scales[16];
    private fixed byte pairs[64];
    private readonly Half d, minimum;

    public static int Columns => 256;
    public static int Bytes => 16 + 64 + 2 + 2;

    public static void Dequantize(Q2_K* block, float* target)
    {
        float d = (float)block->d, minimum = (float)block->minimum;
        for (int g = 0; g < 16; g++)
        {
            float s = d * (block->scales[g] & 15), m = minimum * (block->scales[g] >> 4);
            byte* source = block->pairs + g / 8 * 32 + g % 2 * 16;
            int shift = g % 8 / 2 * 2;
            for (int i = 0; i < 16; i++) target[g * 16 + i] = s * (source[i] >> shift & 3) - m;
        }
    }
}
