using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The matrix-vector product of <see cref="Linear"/> for groups: few rows of x against four rows of W in a
/// group, whose items share the columns.</summary>
/// <remarks>
/// An item takes a piece of each of the four rows at once, 64 bytes under way or more, and uses what it loads of x for all of them. 128
/// items are 4096 columns in blocks of 32: one piece each, where 256 items would leave half without work.
/// Gated, the four rows are gate and up of two outputs. Grid: (fours of outputs, shares of the columns, chunks of rows of x); with several
/// shares their sums go to partials, which <see cref="LinearPartials"/> adds up: (shares · rows of x, rows of W).
/// 4096 x 4096 Q4_0, one row of x: 9.4 MB, 34 MFLOP, 1024 groups; 11008 x 4096: 25 MB, 90 MFLOP, 2752 groups. 4.3 instructions
/// a weight with one row of x in binary16 (sm_90's machine code): an H100's multiprocessors can unpack 3.9 TB/s, Orin's 350 GB/s, both more
/// than their memory gives. Not measured on a GPU. What the columns of a block have in common is multiplied into their sum.
/// </remarks>
internal static class LinearGroupRow
{
    /// <summary>Items of a group.</summary>
    public const int Items = 128;

    /// <summary>Rows of W in a group.</summary>
    private const int RowsOfW = 4;

    // Columns: plain numbers give every item a piece, blocks of 32 a quarter of them.
    private const int LeastShare = 8 * Items;

    // Parts of a sum after the first of the two steps that add up what the items have.
    private const int Parts = 8;

    public static int Outputs(bool gated) => gated ? RowsOfW / 2 : RowsOfW;

    /// <summary>Into how many shares to divide the columns to have as many groups as wanted; none becomes smaller
    /// than what its group costs.</summary>
    public static int Shares(int groups, int wanted, int columns)
        => Math.Max(1, Math.Min((wanted + groups - 1) / groups, columns / LeastShare));

    [Kernel(Group = Items)]
    public static void Kernel<TWeights, T, TRows>(WeightView weight, EightsView<T> x, MatrixView<Float32> bias,
        MatrixView<Float32> residual, int activation, MatrixView<Float32> partials, ResultView y)
        where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T> where TRows : unmanaged, IRowCount
    {
        TWeights w = default;
        int count = default(TRows).Count, item = Group.IdxX, gates = activation == (int)Activation.SiluUp ? y.Columns : 0;
        int first = Grid.IdxX * (gates > 0 ? RowsOfW / 2 : RowsOfW), firstOfX = Grid.IdxZ * count;
        int row0 = RowOfW(0, first, gates, y.Columns);
        int row1 = RowOfW(1, first, gates, y.Columns);
        int row2 = RowOfW(2, first, gates, y.Columns);
        int row3 = RowOfW(3, first, gates, y.Columns);
        Starts starts = Starts.Of(firstOfX, y.Rows - 1, x.Stride);
        Sums sums = default;
        int piecesOfRow = x.Columns / 8 / w.Eights;
        for (int piece = Grid.IdxY * Items + item; piece < piecesOfRow; piece += Grid.DimY * Items)
        {
            FourPieces pieces = default;
            pieces.Row0 = w.Fetch(weight, row0, piece);
            pieces.Row1 = w.Fetch(weight, row1, piece);
            pieces.Row2 = w.Fetch(weight, row2, piece);
            pieces.Row3 = w.Fetch(weight, row3, piece);
            int eight = piece * w.Eights;
            if (count == 1 && w.Eights == 4)
            {
                // By hand: a loop selects the words of a part again and again, which one row does not pay for. With
                // more rows it saves registers.
                sums = Add<TWeights, T>(sums, count, pieces, 0, x, starts, eight);
                sums = Add<TWeights, T>(sums, count, pieces, 1, x, starts, eight + 1);
                sums = Add<TWeights, T>(sums, count, pieces, 2, x, starts, eight + 2);
                sums = Add<TWeights, T>(sums, count, pieces, 3, x, starts, eight + 3);
                continue;
            }
            for (int part = 0; part < w.Eights; part++)
                sums = Add<TWeights, T>(sums, count, pieces, part, x, starts, eight + part);
        }

        ArrayView<F4> all = SharedMemory.Allocate<F4>(count * Items), parts = SharedMemory.Allocate<F4>(count * Parts);
        Share(all, item, sums, count);
        Group.Barrier();
        if (item < count * Parts) parts[item] = Sum(all, item / Parts * Items + item % Parts, Parts, Items / Parts);
        Group.Barrier();
        if (item >= count * RowsOfW) return;
        int row = firstOfX + item / RowsOfW, index = item % RowsOfW;
        F4 total = Sum(parts, item / RowsOfW * Parts, 1, Parts);
        if (partials.Rows > 0) StorePartial(partials, total, index, first, gates, row, y);
        else if (gates == 0 || index < RowsOfW / 2)
            LinearEpilogue.Store(FourDots.Element(total, index), FourDots.Element(total, index + RowsOfW / 2), bias, residual, activation,
                y, row, first + index);
    }

    /// <summary>The row of W of one of a group's four sums; where there is none another, whose sum is not stored.</summary>
    private static int RowOfW(int index, int first, int gates, int outputs)
        => gates == 0 ? XMath.Min(first + index, outputs - 1) : XMath.Min(first + index % 2, outputs - 1) + index / 2 * gates;

    /// <summary>Eight columns of the pieces with the same eight of every row of x.</summary>
    /// <param name="eight">Which eight of a row of x.</param>
    private static Sums Add<TWeights, T>(Sums sums, int count, FourPieces pieces, int part, EightsView<T> x, Starts starts, int eight)
        where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
    {
        TWeights w = default;
        F8 w0 = w.Eight(pieces.Row0, part), w1 = w.Eight(pieces.Row1, part);
        F8 w2 = w.Eight(pieces.Row2, part), w3 = w.Eight(pieces.Row3, part);
        var factors = new F4
        {
            X = w.Factor(pieces.Row0, part),
            Y = w.Factor(pieces.Row1, part),
            Z = w.Factor(pieces.Row2, part),
            W = w.Factor(pieces.Row3, part),
        };
        sums.S0 = FourDots.Add(sums.S0, w0, w1, w2, w3, factors, x[starts.X0 + eight]);
        if (count == 1) return sums;
        sums.S1 = FourDots.Add(sums.S1, w0, w1, w2, w3, factors, x[starts.X1 + eight]);
        sums.S2 = FourDots.Add(sums.S2, w0, w1, w2, w3, factors, x[starts.X2 + eight]);
        sums.S3 = FourDots.Add(sums.S3, w0, w1, w2, w3, factors, x[starts.X3 + eight]);
        if (count == 4) return sums;
        sums.S4 = FourDots.Add(sums.S4, w0, w1, w2, w3, factors, x[starts.X4 + eight]);
        sums.S5 = FourDots.Add(sums.S5, w0, w1, w2, w3, factors, x[starts.X5 + eight]);
        sums.S6 = FourDots.Add(sums.S6, w0, w1, w2, w3, factors, x[starts.X6 + eight]);
        sums.S7 = FourDots.Add(sums.S7, w0, w1, w2, w3, factors, x[starts.X7 + eight]);
        return sums;
    }

    private static void Share(ArrayView<F4> all, int item, Sums sums, int count)
    {
        all[item] = sums.S0;
        if (count == 1) return;
        all[Items + item] = sums.S1;
        all[2 * Items + item] = sums.S2;
        all[3 * Items + item] = sums.S3;
        if (count == 4) return;
        all[4 * Items + item] = sums.S4;
        all[5 * Items + item] = sums.S5;
        all[6 * Items + item] = sums.S6;
        all[7 * Items + item] = sums.S7;
    }

    private static F4 Sum(ArrayView<F4> values, int start, int step, int count)
    {
        F4 sum = values[start];
        for (int i = 1; i < count; i++) sum = FourDots.Add(sum, values[start + i * step]);
        return sum;
    }

    private static void StorePartial(MatrixView<Float32> partials, F4 total, int index, int first, int gates, int row, ResultView y)
    {
        int output = first + (gates == 0 ? index : index % 2);
        if (row < y.Rows && output < y.Columns)
            partials[Grid.IdxY * y.Rows + row, gates == 0 ? output : output + index / 2 * gates] = FourDots.Element(total, index);
    }

    // The same piece of four rows of W.
    private struct FourPieces
    {
        public WeightPiece Row0, Row1, Row2, Row3;
    }

    // One for each row of x, of the four rows of W.
    private struct Sums
    {
        public F4 S0, S1, S2, S3, S4, S5, S6, S7;
    }

    // Where rows of x begin, in eights.
    private struct Starts
    {
        public int X0, X1, X2, X3, X4, X5, X6, X7;

        public static Starts Of(int first, int last, int stride) => new()
        {
            X0 = XMath.Min(first, last) * stride,
            X1 = XMath.Min(first + 1, last) * stride,
            X2 = XMath.Min(first + 2, last) * stride,
            X3 = XMath.Min(first + 3, last) * stride,
            X4 = XMath.Min(first + 4, last) * stride,
            X5 = XMath.Min(first + 5, last) * stride,
            X6 = XMath.Min(first + 6, last) * stride,
            X7 = XMath.Min(first + 7, last) * stride,
        };
    }
}
