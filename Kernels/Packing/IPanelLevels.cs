using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>
/// How the levels of a panel's group are packed: those of (8, 16 rows, 4 columns) in 16 registers of 32 bytes. Register i holds four
/// columns of 8 rows: columns 4 (i / 2) to 4 (i / 2) + 3 of the rows 8 (i % 2) to 8 (i % 2) + 7.
/// </summary>
internal unsafe interface IPanelLevels
{
    /// <summary>Bytes of a group.</summary>
    static abstract int Bytes { get; }

    /// <summary>Register i, i = 0 to 7.</summary>
    static abstract Vector256<byte> Low(byte* group, int i);

    /// <summary>Register i + 8.</summary>
    static abstract Vector256<byte> High(byte* group, int i);

    /// <param name="levels">(8, 16, 4).</param>
    /// <param name="group">Zeros.</param>
    static abstract void Pack(byte* levels, byte* group);

    /// <summary>Puts constants into registers, for an assembled product.</summary>
    static abstract void Begin(PanelCode code);

    /// <summary>Registers 2k and 2k + 1 side by side; signed levels plus 128.</summary>
    static abstract void Load(PanelCode code, int k, AssemblerRegisterZMM levels);
}

internal readonly unsafe struct PanelBytes : IPanelLevels
{
    public static int Bytes => 512;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Low(byte* group, int i) => Vector256.Load(group + 32 * i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> High(byte* group, int i) => Vector256.Load(group + 256 + 32 * i);

    public static void Pack(byte* levels, byte* group) => Unsafe.CopyBlock(group, levels, 512);

    public static void Begin(PanelCode code) => code.Fill(code.Mask, 128);

    public static void Load(PanelCode code, int k, AssemblerRegisterZMM levels)
        => code.Assembler.vpxord(levels, code.Mask, __zmmword_ptr[code.Levels + 64 * k]);
}

/// <summary>Nibbles: byte j holds bytes j (low) and j + 256 of the levels.</summary>
internal readonly unsafe struct PanelNibbles : IPanelLevels
{
    public static int Bytes => 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Low(byte* group, int i) => Vector256.Load(group + 32 * i) & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> High(byte* group, int i)
        => (Vector256.Load(group + 32 * i).AsUInt16() >>> 4).AsByte() & Vector256.Create((byte)15);

    public static void Pack(byte* levels, byte* group)
    {
        for (int j = 0; j < 256; j++) group[j] = (byte)(levels[j] & 15 | (levels[j + 256] & 15) << 4);
    }

    public static void Begin(PanelCode code) => code.Fill(code.Mask, 15);

    public static void Load(PanelCode code, int k, AssemblerRegisterZMM levels) => code.Nibbles(k, levels);
}

/// <summary>Nibbles, then fifth bits: bit b of byte j is that of byte j + 64 b of the levels.</summary>
internal readonly unsafe struct PanelFives : IPanelLevels
{
    public static int Bytes => 256 + 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Low(byte* group, int i) => PanelNibbles.Low(group, i) | Fifth(group, i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> High(byte* group, int i) => PanelNibbles.High(group, i) | Fifth(group, i + 8);

    public static void Pack(byte* levels, byte* group)
    {
        PanelNibbles.Pack(levels, group);
        for (int j = 0; j < 512; j++) group[256 + j % 64] |= (byte)(levels[j] >> 4 << j / 64);
    }

    public static void Begin(PanelCode code)
    {
        PanelNibbles.Begin(code);
        code.Fill(code.UpperMask, 16);
    }

    public static void Load(PanelCode code, int k, AssemblerRegisterZMM levels)
    {
        code.Nibbles(k, levels);
        code.Upper(levels, __zmmword_ptr[code.Levels + 256], 4 - k);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Fifth(byte* group, int i)
    {
        Vector256<byte> bits = Vector256.Load(group + 256 + (i & 1) * 32);
        return ((bits.AsUInt16() >>> (i >> 1)).AsByte() & Vector256<byte>.One).AsUInt16().ShiftLeft4();
    }
}

/// <summary>Nibbles, then upper pairs of bits: pair b of byte j is that of byte j + 128 b of the levels.</summary>
internal readonly unsafe struct PanelSixes : IPanelLevels
{
    public static int Bytes => 256 + 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Low(byte* group, int i) => PanelNibbles.Low(group, i) | Upper(group, i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> High(byte* group, int i) => PanelNibbles.High(group, i) | Upper(group, i + 8);

    public static void Pack(byte* levels, byte* group)
    {
        PanelNibbles.Pack(levels, group);
        for (int j = 0; j < 512; j++) group[256 + j % 128] |= (byte)(levels[j] >> 4 << 2 * (j / 128));
    }

    public static void Begin(PanelCode code)
    {
        PanelNibbles.Begin(code);
        code.Fill(code.UpperMask, 48);
    }

    public static void Load(PanelCode code, int k, AssemblerRegisterZMM levels)
    {
        code.Nibbles(k, levels);
        code.Upper(levels, __zmmword_ptr[code.Levels + 256 + 64 * (k % 2)], 4 - 2 * (k / 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Upper(byte* group, int i)
    {
        Vector256<byte> pairs = Vector256.Load(group + 256 + (i & 3) * 32);
        return ((pairs.AsUInt16() >>> ((i >> 2) * 2)).AsByte() & Vector256.Create((byte)3)).AsUInt16().ShiftLeft4();
    }
}

file static class Shifts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftLeft4(this Vector256<ushort> small) => (small << 4).AsByte();
}
