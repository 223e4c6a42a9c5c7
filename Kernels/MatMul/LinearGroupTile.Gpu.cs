using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The matrix-matrix product of <see cref="Linear"/> for groups: 64 rows of x against 64 rows of W, both in
/// shared memory, 32 columns at a time.</summary>
/// <remarks>
/// An item unpacks eight numbers of x and eight of W for the group, and makes 4 x 4 sums of rows and outputs 16 apart: of 4 columns it
/// loads 8 x 16 bytes for 64 multiply-adds. The next 32 columns are loaded while the present ones are multiplied.
/// Every 32 columns have sums of their own, which are then added to the whole: a chain of thousands would lose more than the tolerance. A
/// row takes 9 quads, so that neighbouring rows lie in different banks. Gated, the 64 rows of W are gate and up of 32 outputs.
/// Grid: (tiles of x, tiles of outputs), tiles of x side by side, so that they read the same weights at the same time.
/// 2110 rows, 4096 x 4096: 71 GFLOP, 2112 groups, of weights in Q4_0 9.4 MB for each 64 rows from the cache; 11008 x
/// 4096: 190 GFLOP, 5676 groups.
/// </remarks>
internal static class LinearGroupTile
{
    /// <summary>Items of a group.</summary>
    public const int Items = 256;

    /// <summary>Rows of x, and rows of W, of a group.</summary>
    public const int Side = 64;

    private const int Columns = 32, Pitch = Columns / 4 + 1, Apart = 16;

    public static int Outputs(bool gated) => gated ? Side / 2 : Side;

    [Kernel(Group = Items)]
    public static void Kernel<TWeights, T>(WeightView weight, EightsView<T> x, MatrixView<Float32> bias, MatrixView<Float32> residual,
        int activation, ResultView y)
        where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
    {
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(2 * Side * Pitch);
        int item = Group.IdxX, gates = activation == (int)Activation.SiluUp ? y.Columns : 0, outputs = gates > 0 ? Side / 2 : Side;
        int firstOfX = Grid.IdxX * Side, first = Grid.IdxY * outputs;
        // What this item brings: eight columns of a row of x and of a row of W, four items a row.
        int local = item / 4, column = item % 4 * 8, put = local * Pitch + item % 4 * 2;
        int rowOfX = XMath.Min(firstOfX + local, y.Rows - 1) * x.Stride;
        int rowOfW = XMath.Min(first + local % outputs, y.Columns - 1) + local / outputs * gates;
        // What it multiplies.
        int ofX = item / Apart * Pitch, ofW = (Side + item % Apart) * Pitch;
        Sums sums = default;
        F8 nextOfX = FromX(x, rowOfX, column), nextOfW = FromW<TWeights, T>(weight, x, rowOfW, column);
        for (int start = 0; start < x.Columns; start += Columns)
        {
            Group.Barrier();
            Put(shared, put, nextOfX);
            Put(shared, put + Side * Pitch, nextOfW);
            Group.Barrier();
            column += Columns;
            nextOfX = FromX(x, rowOfX, column);
            nextOfW = FromW<TWeights, T>(weight, x, rowOfW, column);
            Sums step = default;
            for (int k = 0; k < Columns / 4; k++) step = Add(step, shared, ofX + k, ofW + k);
            sums = Add(sums, step);
        }
        Group.Barrier();
        Share(shared, item, sums);
        Group.Barrier();
        for (int at = item; at < Side * outputs; at += Items)
        {
            int row = at / outputs, output = at % outputs;
            F4 four = shared[row * Apart + output % Apart];
            LinearEpilogue.Store(FourDots.Element(four, output / Apart), FourDots.Element(four, output / Apart + 2), bias, residual,
                activation, y, firstOfX + row, first + output);
        }
    }

    /// <summary>Zeros beyond the last column.</summary>
    private static F8 FromX<T>(EightsView<T> x, int start, int column) where T : unmanaged, IElement<T>
    {
        F8 eight = default;
        if (column < x.Columns) eight = x[start + column / 8];
        return eight;
    }

    private static F8 FromW<TWeights, T>(WeightView weight, EightsView<T> x, int row, int column)
        where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
    {
        TWeights w = default;
        F8 eight = default;
        if (column < x.Columns) eight = w.Load(weight, row, column, w.Scale(weight, row, column));
        return eight;
    }

    private static void Put(ArrayView<F4> shared, int at, F8 eight)
    {
        shared[at] = new F4 { X = eight.X0, Y = eight.X1, Z = eight.X2, W = eight.X3 };
        shared[at + 1] = new F4 { X = eight.X4, Y = eight.X5, Z = eight.X6, W = eight.X7 };
    }

    private static Sums Add(Sums sums, ArrayView<F4> shared, int x, int w)
    {
        F4 a = shared[w], b = shared[w + Apart * Pitch], c = shared[w + 2 * Apart * Pitch], d = shared[w + 3 * Apart * Pitch];
        sums.S0 = FourDots.Add(sums.S0, a, b, c, d, shared[x]);
        sums.S1 = FourDots.Add(sums.S1, a, b, c, d, shared[x + Apart * Pitch]);
        sums.S2 = FourDots.Add(sums.S2, a, b, c, d, shared[x + 2 * Apart * Pitch]);
        sums.S3 = FourDots.Add(sums.S3, a, b, c, d, shared[x + 3 * Apart * Pitch]);
        return sums;
    }

    private static Sums Add(Sums a, Sums b)
    {
        a.S0 = FourDots.Add(a.S0, b.S0);
        a.S1 = FourDots.Add(a.S1, b.S1);
        a.S2 = FourDots.Add(a.S2, b.S2);
        a.S3 = FourDots.Add(a.S3, b.S3);
        return a;
    }

    /// <summary>As (64 rows of x, 16 outputs) of four sums whose outputs are 16 apart.</summary>
    private static void Share(ArrayView<F4> shared, int at, Sums sums)
    {
        shared[at] = sums.S0;
        shared[at + Apart * Apart] = sums.S1;
        shared[at + 2 * Apart * Apart] = sums.S2;
        shared[at + 3 * Apart * Apart] = sums.S3;
    }

    // One for each of four rows of x, 16 apart, of four rows of W, 16 apart.
    private struct Sums
    {
        public F4 S0, S1, S2, S3;
    }
}
