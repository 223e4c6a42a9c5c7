using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>An item's share of copying rows of halves into a tile: chunk Chunk (16 bytes, 8 halves) of every step, of
/// two rows half a tile apart.</summary>
/// <remarks>Four neighbouring items copy the 64 bytes of a row. Rows that do not exist and columns beyond the last are zeros.</remarks>
internal struct TileCopy
{
    private int chunk, place0, place1, source0, source1, limit0, limit1;

    /// <summary>Where a chunk of a tile's row lies: turned by the row, so that neither copies nor ldmatrix meet in a bank.</summary>
    public static int Place(int row, int chunk) => row * 4 + (chunk ^ row >> 1 & 3);

    /// <param name="size">Rows of the tile.</param>
    /// <param name="stride">Of the source, in chunks.</param>
    /// <param name="chunks">Of a row of the source.</param>
    /// <param name="first">The tile's first row in the source.</param>
    /// <param name="up">Zero, or where the up rows begin: then every 32 rows of the tile are 16 rows and the 16 that
    /// belong to them.</param>
    /// <param name="rows">Rows of the source that first counts to.</param>
    public static TileCopy Rows(int size, int stride, int chunks, int first, int up, int rows)
    {
        int row = Group.IdxX >> 2, chunk = Group.IdxX & 3;
        int row0 = Row(row, first, up, rows), row1 = Row(row + size / 2, first, up, rows);
        return new TileCopy
        {
            chunk = chunk,
            place0 = Place(row, chunk),
            place1 = Place(row + size / 2, chunk),
            source0 = row0 < 0 ? 0 : row0 * stride,
            source1 = row1 < 0 ? 0 : row1 * stride,
            limit0 = row0 < 0 ? 0 : chunks,
            limit1 = row1 < 0 ? 0 : chunks,
        };
    }

    /// <summary>The source's row of a tile's row, -1 if there is none.</summary>
    public static int Row(int row, int first, int up, int rows)
    {
        if (up == 0) return first + row < rows ? first + row : -1;
        int output = first + (row >> 5 << 4) + (row & 15);
        return output >= rows ? -1 : (row & 16) != 0 ? up + output : output;
    }

    public readonly void Begin(ArrayView<U4> tile, int stage, ArrayView<U4> source, int step)
    {
        int at = 4 * step + chunk;
        Begin(ref tile[stage + place0], source, source0, at, limit0);
        Begin(ref tile[stage + place1], source, source1, at, limit1);
    }

    private static void Begin(ref U4 target, ArrayView<U4> source, int row, int at, int limit)
    {
        bool inside = at < limit;
        PtxIntrinsics.CopyOrZero(ref target, ref source[inside ? row + at : 0], inside ? 16 : 0);
    }
}
