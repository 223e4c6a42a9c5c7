namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>One binary16 number (IEEE 754): round half to even, subnormals kept; beyond 65504 nothing fits.</summary>
internal unsafe struct F16 : IWritableBlock<F16>
{
    private Half value;

    public static int Columns => 1;
    public static int Bytes => 2;

    public static void Dequantize(F16* block, float* target) => *target = (float)block->value;

    public static bool Quantize(float* source, F16* block) => Half.IsFinite(block->value = (Half)(*source));
}
