using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
}

internal readonly unsafe struct PanelBytes : IPanelLevels
{
    public static int Bytes => 512;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Low(byte* group, int i) => Vector256.Load(group + 32 * i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> High(byte* group, int i) => Vector256.Load(group + 256 + 32 * i);

    public static void Pack(byte* levels, byte* group) => Unsafe.CopyBlock(group, levels, 512);
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
