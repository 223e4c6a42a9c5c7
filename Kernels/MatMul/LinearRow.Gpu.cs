using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The matrix-vector product of <see cref="Linear"/>: one row of x against two rows of W in one item, each
/// with eight sums.</summary>
internal static class LinearRow
{
    /// <summary>Outputs of an item: two, or a gated one (its gate and up rows make two rows of W again).</summary>
    private static int Outputs(bool gated) => gated ? 1 : 2;

    public static long Items(int rows, int outputs, bool gated) => (long)rows * ((outputs + Outputs(gated) - 1) / Outputs(gated));

    [Kernel(Group = 64)]
    public static void Kernel<TWeights, T>(Index1D item, WeightView weight, EightsView<T> x, MatrixView<Float32> bias,
        MatrixView<Float32> residual, int activation, ResultView y)
        where TWeights : unmanaged, IDeviceWeights where T : unmanaged, IElement<T>
    {
        bool gated = activation == (int)Activation.SiluUp;
        int outputs = Outputs(gated), items = (y.Columns + outputs - 1) / outputs;
        if (item >= y.Rows * items) return;
        int row = item / items, r = item % items * outputs, other = gated ? y.Columns + r : XMath.Min(r + 1, y.Columns - 1);
        TWeights w = default;
        F8 a = default, b = default;
        int start = row * x.Stride;
        for (int c = 0; c < x.Columns; c += 8)
        {
            F8 v = x[start + c / 8];
            a = F8.Add(a, w.Load(weight, r, c, w.Scale(weight, r, c)), v);
            b = F8.Add(b, w.Load(weight, other, c, w.Scale(weight, other, c)), v);
        }
        LinearEpilogue.Store(a.Sum, b.Sum, bias, residual, activation, y, row, r);
        if (!gated) LinearEpilogue.Store(b.Sum, 0f, bias, residual, activation, y, row, r + 1);
    }
}
