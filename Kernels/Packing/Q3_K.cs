using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>256 numbers in 110 bytes: x = d·(s[g] − 32) · (q − 4), 16 groups g of 16 numbers, s of 6 bits. Read only.</summary>
/// <remarks>
/// 32 bytes of third bits: bit p of byte i is column 32p+i · 64 bytes of pairs of bits as in <see cref="Q2_K"/> ·
/// 12 bytes of s: low nibble of byte g is s[g], high nibble s[g+8] (g = 0..7); bits 0-1, 2-3, 4-5, 6-7 of byte 8+g (g
/// = 0..3) are the upper bits of s[g], s[g+4], s[g+8], s[g+12] · d binary16.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q3_K : IBlock<Q3_K>
{
    private fixed byte third[32];
    private fixed byte pairs[64];
    private fixed byte scales[12];
    private readonly Half d;

    public static int Columns => 256;
    public static int Bytes => 32 + 64 + 12 + 2;

    public static void Dequantize(Q3_K* block, float* target)
    {
        float d = (float)block->d;
        for (int g = 0; g < 16; g++)
        {
            int scale = block->scales[g % 8] >> g / 8 * 4 & 15 | (block->scales[8 + g % 4] >> g / 4 * 2 & 3) << 4;
            float s = d * (scale - 32);
            byte* source = block->pairs + g / 8 * 32 + g % 2 * 16, bits = block->third + g % 2 * 16;
            int shift = g % 8 / 2 * 2;
            for (int i = 0; i < 16; i++) target[g * 16 + i] = s * ((source[i] >> shift & 3 | (bits[i] >> g / 2 & 1) << 2) - 4);
        }
    }
}
