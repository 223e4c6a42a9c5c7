using System.Buffers.Binary;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The block types column by column, in double, from the tables of docs/formats.md: no code and no order of
/// loops of the product.</summary>
internal static class BlockOracle
{
    private static readonly int[] NonLinear = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static IReadOnlyList<StorageType> Types { get; } = [.. Enum.GetValues<StorageType>().Where(type => type.IsBlock())];

    /// <summary>Column c of a block, and the sum of the magnitudes of what makes it.</summary>
    public static Expected Decode(StorageType type, ReadOnlySpan<byte> b, int c)
    {
        int nibble32(ReadOnlySpan<byte> q) => c < 16 ? q[c] & 15 : q[c - 16] >> 4;
        int bit32(ReadOnlySpan<byte> q) => q[c / 8] >> c % 8 & 1;
        switch (type)
        {
            case StorageType.Q8_0: return Product(Half(b, 0) * (sbyte)b[2 + c]);
            case StorageType.Q4_0: return Product(Half(b, 0) * (nibble32(b[2..]) - 8));
            case StorageType.Q4_1: return Sum(Half(b, 0) * nibble32(b[4..]), Half(b, 2));
            case StorageType.Q5_0: return Product(Half(b, 0) * (nibble32(b[6..]) + 16 * bit32(b[2..]) - 16));
            case StorageType.Q5_1: return Sum(Half(b, 0) * (nibble32(b[8..]) + 16 * bit32(b[4..])), Half(b, 2));
            case StorageType.IQ4_NL: return Product(Half(b, 0) * NonLinear[nibble32(b[2..])]);
            case StorageType.Q2_K: return Sum(Half(b, 80) * (b[c / 16] & 15) * Pair(b[16..], c), -Half(b, 82) * (b[c / 16] >> 4));
            case StorageType.Q3_K:
                int group = c / 16;
                int low = group < 8 ? b[96 + group] & 15 : b[96 + group - 8] >> 4;
                int high = b[104 + group % 4] >> 2 * (group / 4) & 3;
                return Product(Half(b, 108) * (low + 16 * high - 32) * (Pair(b[32..], c) + 4 * (b[c % 32] >> c / 32 & 1) - 4));
            case StorageType.Q4_K: return Affine(b, c / 32, Nibble256(b[16..], c));
            case StorageType.Q5_K: return Affine(b, c / 32, Nibble256(b[48..], c) + 16 * (b[16 + c % 32] >> c / 32 & 1));
            case StorageType.Q6_K:
                int half = c / 128, place = c % 128, four = place < 64 ? b[64 * half + place] & 15 : b[64 * half + place - 64] >> 4;
                int two = b[128 + 32 * half + place % 32] >> 2 * (place / 32) & 3;
                return Product(Half(b, 208) * (sbyte)b[192 + c / 16] * (four + 16 * two - 32));
            default: throw new ArgumentOutOfRangeException(nameof(type), type, null);
        }
    }

    /// <summary>Random bytes, which are every pattern of levels, with scales that give numbers of about 1.</summary>
    public static byte[] Random(StorageType type, int columns, Random random)
    {
        var bytes = new byte[type.Bytes(columns)];
        random.NextBytes(bytes);
        int block = (int)type.Bytes(type.BlockColumns());
        for (int at = 0; at < bytes.Length; at += block)
        {
            (int[] places, double size) = Scales(type);
            foreach (int place in places)
                BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(at + place),
                    (Half)((0.3 + random.NextDouble()) * size * (random.Next(4) == 0 ? -1 : 1)));
        }
        return bytes;
    }

    /// <summary>Where the halves of a block stand, and their usual size.</summary>
    private static (int[] Places, double Size) Scales(StorageType type) => type switch
    {
        StorageType.Q8_0 or StorageType.IQ4_NL => ([0], 0.01),
        StorageType.Q4_0 or StorageType.Q5_0 => ([0], 0.1),
        StorageType.Q4_1 or StorageType.Q5_1 => ([0, 2], 0.1),
        StorageType.Q2_K => ([80, 82], 0.05),
        StorageType.Q3_K => ([108], 0.02),
        StorageType.Q4_K or StorageType.Q5_K => ([0, 2], 0.002),
        StorageType.Q6_K => ([208], 0.0005),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    private static double Half(ReadOnlySpan<byte> bytes, int at) => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes[at..]);

    private static Expected Product(double value) => new(value, Math.Abs(value));

    private static Expected Sum(double a, double b) => new(a + b, Math.Abs(a) + Math.Abs(b));

    /// <summary>d·s·q − dmin·m with the 6-bit s and m of a group.</summary>
    private static Expected Affine(ReadOnlySpan<byte> b, int group, int level)
    {
        int s = group < 4 ? b[4 + group] % 64 : b[8 + group] % 16 + b[group] / 64 * 16;
        int m = group < 4 ? b[8 + group] % 64 : b[8 + group] / 16 + b[4 + group] / 64 * 16;
        return Sum(Half(b, 0) * s * level, -Half(b, 2) * m);
    }

    private static int Nibble256(ReadOnlySpan<byte> q, int c) => c % 64 < 32 ? q[c / 64 * 32 + c % 32] % 16 : q[c / 64 * 32 + c % 32] / 16;

    private static int Pair(ReadOnlySpan<byte> q, int c) => q[c / 128 * 32 + c % 32] >> 2 * (c % 128 / 32) & 3;
}
