namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>How Q5_0 and Q5_1 store 32 levels of 5 bits.</summary>
internal static unsafe class PackedFifths
{
    /// <param name="fifth">Bit j is the upper bit of column j.</param>
    /// <param name="nibbles">16 bytes: the low nibble of byte j is column j, the high nibble column j + 16.</param>
    public static void Put(byte* levels, out uint fifth, byte* nibbles)
    {
        fifth = 0;
        for (int j = 0; j < 16; j++)
        {
            nibbles[j] = (byte)(levels[j] & 15 | (levels[j + 16] & 15) << 4);
            fifth |= (uint)(levels[j] >> 4) << j | (uint)(levels[j + 16] >> 4) << (j + 16);
        }
    }
}
