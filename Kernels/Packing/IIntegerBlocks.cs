using System.Runtime.Intrinsics;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>How a product of integers reads blocks: 32 columns (a group) at a time, x = scale · (level − Offset) + shift.</summary>
/// <remarks>
/// Where <see cref="IsHalved"/>, each 16 columns have a whole factor of their own: x = scale · factor · (level − Offset).
/// The product reads them turned: 16 rows of up to 256 columns lie together (a panel), the scales first, as many bits as in the
/// block, then the levels (<see cref="IPanelLevels"/>).
/// </remarks>
internal unsafe interface IIntegerBlocks
{
    /// <summary>Numbers of a block: 32 or 256.</summary>
    static abstract int Columns { get; }

    static abstract int Bytes { get; }

    static abstract int Offset { get; }

    /// <summary>Levels are signed bytes; else they are 0 to 63, and signed and unsigned alike.</summary>
    static abstract bool IsSigned { get; }

    static abstract bool HasShifts { get; }

    static abstract bool IsHalved { get; }

    /// <summary>Bytes of the scales of 16 rows of so many groups, at most 8.</summary>
    static abstract int ScaleBytes(int groups);

    /// <summary>The levels of 32 columns of a block, in order.</summary>
    static abstract Vector256<byte> Levels(byte* block, int group);

    /// <summary>Puts a row's scales, of so many groups from a block's first on, into those of a panel.</summary>
    /// <param name="row">0 to 15.</param>
    static abstract void PackScales(byte* blocks, int groups, int row, byte* scales);

    /// <summary>What <see cref="PackScales"/> put together as (8 groups, 16 rows), and factors as (8, 2 halves, 16).</summary>
    /// <param name="shifts">Untouched without <see cref="HasShifts"/>.</param>
    /// <param name="factors">Untouched without <see cref="IsHalved"/>.</param>
    static abstract void UnpackScales(byte* packed, int groups, float* scales, float* shifts, int* factors);

    /// <summary>How assembled products read the scales.</summary>
    static abstract ScaleCode ScaleCode { get; }
}
