using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>32 numbers in 34 bytes: x[j] = d · q[j].</summary>
/// <remarks>
/// d binary16 · q 32 signed bytes, q[j] is column j.
/// d = max|x| / 127; q = x / d rounded half away from zero, with the d before its rounding to binary16: <see cref="SignedBytes"/>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct Q8_0 : ILevelBlock<Q8_0>
{
    private const int Largest = 127; // -128 is no level

    private Half d;
    private fixed sbyte q[32];

    public static int Columns => 32;
    public static int Bytes => 2 + 32;
    public static int Group => 32;
    public static int Top => 2 * Largest;

    public static void Dequantize(Q8_0* block, float* target)
    {
        float d = (float)block->d;
        for (int j = 0; j < 32; j++) target[j] = block->q[j] * d;
    }

    public static bool Quantize(float* source, Q8_0* block)
    {
        block->d = (Half)SignedBytes.Quantize(source, Columns, block->q);
        return Half.IsFinite(block->d);
    }

    public static void Grid(Q8_0* block, float* scales, float* offsets)
    {
        scales[0] = (float)block->d;
        offsets[0] = -Largest * scales[0];
    }

    public static void PutLevels(Q8_0* block, byte* levels)
    {
        for (int j = 0; j < 32; j++) block->q[j] = (sbyte)(levels[j] - Largest);
    }
}
