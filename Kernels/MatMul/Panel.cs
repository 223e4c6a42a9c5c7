using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>256 columns of 16 rows of a weight on their way into registers.</summary>
internal unsafe struct Panel
{
    public const int Rows = PanelScales.Rows;

    /// <summary>(8 groups, 8, 16 rows, 4 columns).</summary>
    public fixed byte Levels[8 * 512];

    /// <summary>(8 groups, 16 rows).</summary>
    public fixed float Scales[8 * Rows];
    public fixed float Shifts[8 * Rows];

    /// <summary>(8 groups, 2 halves, 16 rows).</summary>
    public fixed int Factors[16 * Rows];

    /// <summary>Levels as bytes, to be read several times.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TBlocks, TLevels, TDot>(Panel* panel, byte* packed, int groups)
        where TBlocks : IIntegerBlocks where TLevels : IPanelLevels where TDot : IByteDot
    {
        Vector256<byte> flip = Vector256.Create((byte)(TBlocks.IsSigned && TDot.Flips ? 128 : 0));
        byte* target = panel->Levels;
        for (int g = 0; g < groups; g++, packed += TLevels.Bytes, target += 512)
        {
            for (int i = 0; i < 8; i++)
            {
                (TLevels.Low(packed, i) ^ flip).Store(target + 32 * i);
                (TLevels.High(packed, i) ^ flip).Store(target + 256 + 32 * i);
            }
        }
    }
}
