using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>32 numbers in 18 bytes: x[j] = d · level[q[j]], 16 levels that lie closer near zero. Read only.</summary>
/// <remarks>d binary16 · 16 bytes of nibbles: the low nibble of byte j is column j, the high nibble column j + 16.</remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct IQ4_NL : IBlock<IQ4_NL>
{
    private readonly Half d;
    private fixed byte nibbles[16];

    public static int Columns => 32;
    public static int Bytes => 2 + 16;

    private static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void Dequantize(IQ4_NL* block, float* target)
    {
        float d = (float)block->d;
        for (int j = 0; j < 16; j++)
        {
            target[j] = d * Levels[block->nibbles[j] & 15];
            target[j + 16] = d * Levels[block->nibbles[j] >> 4];
        }
    }
}
