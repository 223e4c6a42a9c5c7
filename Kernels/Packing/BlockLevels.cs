using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Levels of 32 columns of a block, in order.</summary>
internal static unsafe class BlockLevels
{
    /// <summary>16 bytes of nibbles: the low ones are columns 0..15, the high ones 16..31.</summary>
    public static Vector256<byte> Nibbles(byte* source)
    {
        Vector128<byte> bytes = Vector128.Load(source);
        return Vector256.Create(bytes, (bytes.AsUInt16() >>> 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>32 bytes of which each holds a level in its bits from <paramref name="shift"/> on.</summary>
    public static Vector256<byte> Bits(byte* source, int shift, byte mask)
        => (Vector256.Load(source).AsUInt16() >>> shift).AsByte() & Vector256.Create(mask);

    /// <summary>32 bits, bit j as 16 in byte j.</summary>
    public static Vector256<byte> Fifths(byte* source)
    {
        Vector256<byte> places = Vector256.Create(0x8040201008040201).AsByte();
        Vector256<byte> spread = Vector256.Shuffle(Vector256.Create(Unsafe.ReadUnaligned<uint>(source)).AsByte(), Vector256.Create(
            (byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 18, 18, 18, 18, 18, 18, 18, 18, 19, 19, 19, 19, 19, 19, 19, 19));
        return Vector256.Equals(spread & places, places) & Vector256.Create((byte)16);
    }

    /// <summary>Low parts and, shifted over them, upper ones.</summary>
    public static Vector256<byte> With(Vector256<byte> low, Vector256<byte> upper) => low | (upper.AsUInt16() << 4).AsByte();
}
