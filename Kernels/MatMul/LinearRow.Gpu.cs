using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels;

/// <summary>The matrix-vector product of <see cref="Linear"/>: one row of x against four rows of W in one item, each with eight sums.</summary>
internal static class LinearRow
{
    /// <summary>Outputs of an item: four, or two gated ones (gate and up rows make four rows of W again).</summary>
    public static int Outputs(bool gated) => gated ? 2 : 4;

    public static long Items(int rows, int outputs, bool gated) => (long)rows * ((outputs + Outputs(gated) - 1) / Outputs(gated));

    public static void Kernel<TWeights>(Index1D item, WeightView weight, MatrixView x, MatrixView bias, MatrixView residual, int activation, MatrixView y)
        where TWeights : unmanaged, IDeviceWeights
    {
        bool gated = activation == (int)Activation.SiluUp;
        int outputs = gated ? 2 : 4, items = (y.Columns + outputs - 1) / outputs;
        if (item >= y.Rows * items) return;
        int row = item / items, r = item % items * outputs, last = y.Columns - 1, next = XMath.Min(r + 1, last);
        int r2 = gated ? y.Columns + r : XMath.Min(r + 2, last), r3 = gated ? y.Columns + next : XMath.Min(r + 3, last);
        TWeights w = default;
        F8 s0 = default, s1 = default, s2 = default, s3 = default;
        int start = row * x.Stride, whole = x.Columns & ~7, c = 0;
        for (; c + 32 <= whole; c += 32)
        {
            F8 v0 = F8.Load(x.Data, start + c), v1 = F8.Load(x.Data, start + c + 8), v2 = F8.Load(x.Data, start + c + 16), v3 = F8.Load(x.Data, start + c + 24);
            s0 = Block<TWeights>(weight, r, c, s0, v0, v1, v2, v3);
            s1 = Block<TWeights>(weight, next, c, s1, v0, v1, v2, v3);
            s2 = Block<TWeights>(weight, r2, c, s2, v0, v1, v2, v3);
            s3 = Block<TWeights>(weight, r3, c, s3, v0, v1, v2, v3);
        }
        for (; c < whole; c += 8) // plain numbers only, here and below: blocks are whole
        {
            F8 v = F8.Load(x.Data, start + c);
            s0 = F8.Add(s0, w.Load(weight, r, c, default), v);
            s1 = F8.Add(s1, w.Load(weight, next, c, default), v);
            s2 = F8.Add(s2, w.Load(weight, r2, c, default), v);
            s3 = F8.Add(s3, w.Load(weight, r3, c, default), v);
        }
        if (c < x.Columns)
        {
            F8 v = F8.LoadFirst(x.Data, start + c, x.Columns - c);
            s0 = F8.Add(s0, w.Load(weight, r, c, default), v);
            s1 = F8.Add(s1, w.Load(weight, next, c, default), v);
            s2 = F8.Add(s2, w.Load(weight, r2, c, default), v);
            s3 = F8.Add(s3, w.Load(weight, r3, c, default), v);
        }
        LinearEpilogue.Store(s0.Sum, s2.Sum, bias, residual, activation, y, row, r);
        LinearEpilogue.Store(s1.Sum, s3.Sum, bias, residual, activation, y, row, r + 1);
        if (gated) return;
        LinearEpilogue.Store(s2.Sum, 0f, bias, residual, activation, y, row, r + 2);
        LinearEpilogue.Store(s3.Sum, 0f, bias, residual, activation, y, row, r + 3);
    }

    // 32 columns that share a scale.
    private static F8 Block<TWeights>(WeightView weight, int r, int c, F8 sum, F8 v0, F8 v1, F8 v2, F8 v3) where TWeights : unmanaged, IDeviceWeights
    {
        TWeights w = default;
        BlockScale scale = w.Scale(weight, r, c);
        sum = F8.Add(sum, w.Load(weight, r, c, scale), v0);
        sum = F8.Add(sum, w.Load(weight, r, c + 8, scale), v1);
        sum = F8.Add(sum, w.Load(weight, r, c + 16, scale), v2);
        return F8.Add(sum, w.Load(weight, r, c + 24, scale), v3);
    }
}
