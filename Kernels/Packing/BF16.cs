namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>One bfloat16 number: the upper half of a float32's bits, rounded half to even; subnormals kept.</summary>
internal unsafe struct BF16 : IWritableBlock<BF16>
{
    private ushort upper;

    public static int Columns => 1;
    public static int Bytes => 2;

    public static void Dequantize(BF16* block, float* target) => *target = BitConverter.UInt32BitsToSingle((uint)block->upper << 16);

    public static bool Quantize(float* source, BF16* block)
    {
        uint bits = BitConverter.SingleToUInt32Bits(*source);
        // Just under half of the dropped part's unit, or exactly half where the kept part is odd.
        block->upper = (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
        return (block->upper & 0x7f80) != 0x7f80;
    }
}
