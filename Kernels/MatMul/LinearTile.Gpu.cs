using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The matrix-matrix product of <see cref="Linear"/>: four rows of x against two rows of W in one item, each
/// pair with eight sums.</summary>
/// <remarks>
/// Weights are unpacked once for four rows. 64 neighbouring items are a square of 8 x 8 tiles, 32 rows of x and 16 of W, so that they find
/// in the cache what their neighbours have read. No shared memory: a processor's caches do as well, and every device runs it.
/// </remarks>
internal static class LinearTile
{
    private const int RowsOfX = 4, Square = 8;

    public static long Items(int rows, int outputs, bool gated)
        => (long)Squares(rows, RowsOfX) * Squares(outputs, gated ? 1 : 2) * Square * Square;

    [Kernel(Group = 64)]
    public static void Kernel<TWeights, T>(Index1D item, WeightView weight, EightsView<T> x, MatrixView<Float32> bias,
        MatrixView<Float32> residual, int activation, ResultView y)
        where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
    {
        bool gated = activation == (int)Activation.SiluUp;
        int outputs = gated ? 1 : 2, down = Squares(y.Rows, RowsOfX), square = item / (Square * Square), inside = item % (Square * Square);
        int row = (square % down * Square + inside / Square) * RowsOfX, r = (square / down * Square + inside % Square) * outputs;
        if (row >= y.Rows || r >= y.Columns) return;
        int other = gated ? y.Columns + r : XMath.Min(r + 1, y.Columns - 1), last = y.Rows - 1;
        int x0 = row * x.Stride;
        int x1 = XMath.Min(row + 1, last) * x.Stride;
        int x2 = XMath.Min(row + 2, last) * x.Stride;
        int x3 = XMath.Min(row + 3, last) * x.Stride;
        TWeights w = default;
        Sums sums = default;
        for (int c = 0; c < x.Columns; c += 8)
        {
            F8 a = w.Load(weight, r, c, w.Scale(weight, r, c)), b = w.Load(weight, other, c, w.Scale(weight, other, c));
            int eight = c / 8;
            sums = Add(sums, a, b, x, x0 + eight, x1 + eight, x2 + eight, x3 + eight);
        }
        Store(sums.A0, sums.B0, bias, residual, activation, y, row, r);
        Store(sums.A1, sums.B1, bias, residual, activation, y, row + 1, r);
        Store(sums.A2, sums.B2, bias, residual, activation, y, row + 2, r);
        Store(sums.A3, sums.B3, bias, residual, activation, y, row + 3, r);
    }

    private static Sums Add<T>(Sums sums, F8 a, F8 b, EightsView<T> x, int x0, int x1, int x2, int x3) where T : unmanaged, IElement<T>
    {
        F8 v = x[x0];
        sums.A0 = F8.Add(sums.A0, a, v);
        sums.B0 = F8.Add(sums.B0, b, v);
        v = x[x1];
        sums.A1 = F8.Add(sums.A1, a, v);
        sums.B1 = F8.Add(sums.B1, b, v);
        v = x[x2];
        sums.A2 = F8.Add(sums.A2, a, v);
        sums.B2 = F8.Add(sums.B2, b, v);
        v = x[x3];
        sums.A3 = F8.Add(sums.A3, a, v);
        sums.B3 = F8.Add(sums.B3, b, v);
        return sums;
    }

    private static void Store(F8 a, F8 b, MatrixView<Float32> bias, MatrixView<Float32> residual, int activation, ResultView y, int row,
        int r)
    {
        LinearEpilogue.Store(a.Sum, b.Sum, bias, residual, activation, y, row, r);
        if (activation != (int)Activation.SiluUp) LinearEpilogue.Store(b.Sum, 0f, bias, residual, activation, y, row, r + 1);
    }

    private static int Squares(int count, int each) => (count + each * Square - 1) / (each * Square);

    // Of weight row A and B, with the four rows of x.
    private struct Sums
    {
        public F8 A0, A1, A2, A3, B0, B1, B2, B3;
    }
}
