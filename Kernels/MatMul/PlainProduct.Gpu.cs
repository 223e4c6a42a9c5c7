using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

internal static unsafe partial class PlainProduct
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one element of c.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> a, MatrixView<Float32> b, MatrixView<Float32> c, int add)
    {
        if (item >= c.Rows * c.Columns) return;
        int row = item / c.Columns, column = item % c.Columns;
        var sum = new CompensatedSum();
        for (int p = 0; p < b.Rows; p++) sum.Add(a[row, p] * b[p, column]);
        c[row, column] = add != 0 ? c[row, column] + sum.Total : sum.Total;
    }

    /// <summary>The same of aᵀ.</summary>
    [Kernel]
    internal static void TransposedKernel(Index1D item, MatrixView<Float32> a, MatrixView<Float32> b, MatrixView<Float32> c, int add)
    {
        if (item >= c.Rows * c.Columns) return;
        int row = item / c.Columns, column = item % c.Columns;
        var sum = new CompensatedSum();
        for (int p = 0; p < b.Rows; p++) sum.Add(a[p, row] * b[p, column]);
        c[row, column] = add != 0 ? c[row, column] + sum.Total : sum.Total;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix a, bool transposed, Matrix b, Matrix c, bool add)
    {
        if (transposed) queue.Launch(TransposedKernel, (long)c.Rows * c.Columns, a.Gpu(), b.Gpu(), c.Gpu(), add ? 1 : 0);
        else queue.Launch(Kernel, (long)c.Rows * c.Columns, a.Gpu(), b.Gpu(), c.Gpu(), add ? 1 : 0);
    }
}
