using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>Levels of block types as float32, eight columns at a time, less a bias of the type; all exact.</summary>
/// <remarks>
/// No conversion of integers, of which GPUs do fewer a cycle: bits k and up of a word, put under the exponent of
/// 2^(23-k), are that power plus the level, and the power is taken off again together with the bias. That is one
/// logical operation and one sum a level, with a shift for four.
/// </remarks>
internal static class Levels
{
    // 2^23, 2^19, 2^15, 2^11: the power whose fraction has 1 at this bit.
    private const uint AtBit0 = 0x4b000000u, AtBit4 = 0x49000000u, AtBit8 = 0x47000000u, AtBit12 = 0x45000000u;

    /// <summary>Column i in bits 4i to 4i + 3.</summary>
    public static F8 OfNibbles(uint word, float bias)
    {
        uint upper = word >> 16;
        return new F8
        {
            X0 = Level(word, 0xfu, AtBit0, bias),
            X1 = Level(word, 0xf0u, AtBit4, bias),
            X2 = Level(word, 0xf00u, AtBit8, bias),
            X3 = Level(word, 0xf000u, AtBit12, bias),
            X4 = Level(upper, 0xfu, AtBit0, bias),
            X5 = Level(upper, 0xf0u, AtBit4, bias),
            X6 = Level(upper, 0xf00u, AtBit8, bias),
            X7 = Level(upper, 0xf000u, AtBit12, bias),
        };
    }

    /// <summary>Nibbles as above; of two words the bits above them: of columns 0 to 3 in <paramref name="first"/>, of
    /// 4 to 7 in <paramref name="second"/>, each four bits further.</summary>
    /// <param name="above">Which bits count above the lowest nibble: 0x10 or 0x30.</param>
    public static F8 OfNibbles(uint word, uint first, uint second, uint above, float bias)
    {
        uint upper = word >> 16;
        return new F8
        {
            X0 = Level(word, 0xfu, first, above, AtBit0, bias),
            X1 = Level(word, 0xf0u, first, above << 4, AtBit4, bias),
            X2 = Level(word, 0xf00u, first, above << 8, AtBit8, bias),
            X3 = Level(word, 0xf000u, first, above << 12, AtBit12, bias),
            X4 = Level(upper, 0xfu, second, above, AtBit0, bias),
            X5 = Level(upper, 0xf0u, second, above << 4, AtBit4, bias),
            X6 = Level(upper, 0xf00u, second, above << 8, AtBit8, bias),
            X7 = Level(upper, 0xf000u, second, above << 12, AtBit12, bias),
        };
    }

    /// <summary>Signed bytes; with the sign bit turned over they are levels from 0 on, 128 too many.</summary>
    public static F8 OfBytes(uint a, uint b)
    {
        a ^= 0x80808080u;
        b ^= 0x80808080u;
        uint upperA = a >> 16, upperB = b >> 16;
        return new F8
        {
            X0 = Level(a, 0xffu, AtBit0, 128f),
            X1 = Level(a, 0xff00u, AtBit8, 128f),
            X2 = Level(upperA, 0xffu, AtBit0, 128f),
            X3 = Level(upperA, 0xff00u, AtBit8, 128f),
            X4 = Level(b, 0xffu, AtBit0, 128f),
            X5 = Level(b, 0xff00u, AtBit8, 128f),
            X6 = Level(upperB, 0xffu, AtBit0, 128f),
            X7 = Level(upperB, 0xff00u, AtBit8, 128f),
        };
    }

    private static float Level(uint word, uint mask, uint power, float bias)
        => Interop.IntAsFloat(PortableIntrinsics.MaskedOr(word, mask, power)) - (Interop.IntAsFloat(power) + bias);

    private static float Level(uint word, uint mask, uint more, uint moreMask, uint power, float bias)
        => Interop.IntAsFloat(PortableIntrinsics.MaskedOr(more, moreMask, PortableIntrinsics.MaskedOr(word, mask, power))) - (
            Interop.IntAsFloat(power) + bias);
}
